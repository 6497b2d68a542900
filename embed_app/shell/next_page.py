"""What the next page of this tab finds after a reload: it follows from the phone, like screen and events."""

from __future__ import annotations

from embed_app.core.link.values import LinkState
from embed_app.core.phone import Phone
from embed_app.core.resume.record import write_record
from embed_app.core.resume.resume import record_of
from embed_app.shell.ports import Records
from embed_app.tabs.shown import announced_calls


class NextPage:
    """Each of the methods is called after every step; the port is called only where something has changed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.announced = records.announced()
        """The calls, by uuid, that parents of this tab know as answered, those of its former pages too."""
        self._record: tuple[str, str] | None = None
        self._address = ("", False)
        self._dialled: tuple[float, ...] = ()

    def note_announced(self, shown: Phone) -> None:
        """`shown` was told to the parent."""
        announced = announced_calls(shown)
        if shown.link.state is not LinkState.REGISTERED:
            announced |= self.announced  # too early to know what has become of those of the former page
        if announced != self.announced:
            self.announced = announced
            self._records.note_announced(announced)

    def keep_record(self, own: Phone) -> None:
        """The calls of our own phone: the next page may take them back."""
        record, config = record_of(own), own.link.config
        ticket = config.resume_ticket if config is not None else ""
        kept = (write_record(record), ticket) if record is not None else None
        if kept == self._record:
            return
        self._record = kept
        if record is None:
            self._records.drop()
        else:
            self._records.keep(record, ticket)

    def note_dialled(self, own: Phone) -> None:
        """What counts against the account's calls per minute."""
        if own.dialled_at != self._dialled:
            self._dialled = own.dialled_at
            self._records.note_dialled(own.dialled_at)

    def leave_address(self, own: Phone) -> None:
        """The token, while there is a call: a frame that is reloaded alone has none in its address.

        Also for a call that only rings: it rings on at the PBX, and here again when the phone is back. It is
        left in the step that tells of the call, because the frame may be reloaded before the next one. It has
        time only while an INVITE of ours is made, and when there is no call any more.
        """
        token, calls = own.link.token, own.live_calls
        address = token.raw if token is not None and calls else ""
        left = (address, any(call.sip_call_id for call in calls))
        if left != self._address:
            self._address = left
            self._records.leave_address(*left)
