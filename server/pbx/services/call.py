"""One call of a service extension, either way round; also the handle that `Pbx.call` gives to tests."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from server.pbx.services.dialog import Dialog
from server.pbx.services.dtmf_info import digit_of_info, info_of_digit
from server.pbx.services.progress import Progress
from server.pbx.sip.address import NameAddr, SipUri
from server.pbx.sip.message import Headers, Request, Response

if TYPE_CHECKING:
    from server.pbx.media.media import Media, Sound

SDP = ("Content-Type", "application/sdp")


class Phone(Protocol):
    """What a call needs of the phone that it belongs to."""

    media_grace: float
    """Seconds that a caller whose media is gone has to come back, from the last that it sent."""

    def send(
        self, message: Request | Response, on_response: Callable[[Response], None] | None = None
    ) -> None:
        """Send a message; `on_response` is called with every answer to it."""

    def register(self, call: "Call") -> None:
        """Requests of this dialog go to `call` from now on."""

    def forget(self, call: "Call") -> None:
        """Requests of this dialog are answered 481 from now on."""

    def dialog_of(self, invite: Request, user: str) -> Dialog:
        """Our side of the dialog that `invite` begins, as `user`."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it is done or the PBX closes."""

    def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`; the PBX does not close before it is done."""


class Call(Progress):
    """`state` as in progress.py. After the end, `status` and `phrase` say how an INVITE failed (else 200),
    `ended_by` who ended it ("local" or "remote") and `reason` the Reason header that came with it.

    `digits` lists what was received as (digit, "info" | "rtp").
    """

    def __init__(self, phone: Phone, dialog: Dialog) -> None:
        super().__init__()
        self.phone = phone
        self.status = 0
        self.phrase = ""
        self.reason = ""
        self.ended_by = ""
        self.digits: list[tuple[str, str]] = []
        self.on_digit: Callable[[str, str], None] = lambda digit, via: None
        self.sound = ""
        self.answered_by: SipUri | None = None
        """The identity the proxy vouches for (RFC 3325), where it did."""
        self._dialog = dialog
        self._tag = NameAddr.parse(dialog.local).params["tag"]
        self._media: Media | None = None
        self._renegotiating = False
        self._waiting: asyncio.TimerHandle | None = None
        self._former: set[tuple[str, str, str]] = set()

    @property
    def key(self) -> tuple[str, str]:
        """(Call-ID, our tag): a call from one service to another has two ends in this process."""
        return self._dialog.call_id, self._tag

    @property
    def remote_tag(self) -> str:
        """The other party's tag; "" before it has one (RFC 3261 section 19.3)."""
        return NameAddr.parse(self._dialog.remote).params.get("tag", "")

    def is_known_by(self, call_id: str, tag: str, remote_tag: str) -> bool:
        """Whether these name its dialog, or a former one: a page that never got our 200 asks with those."""
        return (call_id, tag, remote_tag) in {(*self.key, self.remote_tag), *self._former}

    def is_with(self, sender: SipUri) -> bool:
        """Whether this is the other party: the number that was called, or who answered as the proxy says."""
        parties = (NameAddr.parse(self._dialog.remote).sip_uri, self.answered_by)
        return any((each.user, each.host) == (sender.user, sender.host) for each in parties if each)

    @property
    def user(self) -> str:
        """Our number in this call."""
        return NameAddr.parse(self._dialog.local).sip_uri.user

    @property
    def remote_user(self) -> str:
        """The other party's number."""
        return NameAddr.parse(self._dialog.remote).sip_uri.user

    def bye(self) -> None:
        """Hang up; gives up a call that was not answered."""
        if self.state == "answered":
            self._request("BYE")
            self._end("local")
        elif not self.is_over:
            self._give_up()

    def _give_up(self) -> None:
        raise NotImplementedError

    def send_info(self, digit: str, duration: int = 160) -> None:
        """A digit by INFO application/dtmf-relay; `duration` in ms."""
        self._request("INFO", *info_of_digit(digit, duration))

    def send_rtp_digit(self, digit: str) -> bool:
        """A digit as telephone-event (RFC 4733). False when the remote party takes none."""
        return self._media is not None and self._media.send_digit(digit)

    def send_digit(self, digit: str, via: str) -> None:
        """By "info" or "rtp"."""
        if via == "info" or not self.send_rtp_digit(digit):
            self.send_info(digit)

    def notify(self, sipfrag: str, subscription: str) -> None:
        """Progress of a transfer (RFC 3515 section 2.4.5)."""
        headers = [
            ("Event", "refer"),
            ("Subscription-State", subscription),
            ("Content-Type", "message/sipfrag"),
        ]
        self._request("NOTIFY", headers, sipfrag)

    async def played(self, within: float) -> None:
        """Wait until the sound has been played, the call is over, or `within` seconds have passed."""
        if self._media is None:
            return
        waits = [asyncio.ensure_future(self._media.played()), asyncio.ensure_future(self.over())]
        try:
            await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def receive(self, request: Request) -> None:
        """A request inside the dialog. REFER is none of them: the phone carries it out (transfer.py)."""
        method = request.method
        if method == "ACK":
            return
        if method == "BYE":
            self.phone.send(request.reply(200))
            self.reason = request.get("Reason")
            self._end("remote")
        elif method == "INVITE":
            self.phone.spawn(self._renegotiate(request))
        elif method == "INFO":
            self.phone.send(request.reply(200))
            if digit := digit_of_info(request):
                self._digit_came(digit, "info")
        elif method in ("OPTIONS", "NOTIFY", "MESSAGE"):
            self.phone.send(request.reply(200))
        else:
            self.phone.send(request.reply(405, [("Allow", "INVITE, ACK, BYE, CANCEL, INFO, REFER, OPTIONS")]))

    async def _renegotiate(self, request: Request) -> None:
        """Hold, unhold, ICE restart: a new offer (RFC 3264 section 8)."""
        from server.pbx.media.media import Unacceptable

        if self._renegotiating or self.state != "answered" or self._media is None:
            self.phone.send(request.reply(491))
            return
        self._renegotiating = True
        try:
            sdp = await self._media.answer(request.body)
        except Unacceptable:
            self.phone.send(
                request.reply(488, [("Warning", '399 demo-pbx "offer not usable, or ICE restart"')])
            )
        else:
            self._stop_waiting()
            if request.contact:
                self._dialog.target = request.contact.bare
            self.phone.send(request.reply(200, [("Contact", self._dialog.contact), SDP], sdp))
        finally:
            self._renegotiating = False

    async def replaced_by(self, invite: Request) -> None:
        """Go on in the dialog `invite` begins, with media of its own (RFC 3891); the old one gets a BYE."""
        from server.pbx.media.media import Unacceptable

        if self._renegotiating or self.state != "answered" or self._media is None or invite.contact is None:
            self.phone.send(invite.reply(491))
            return
        self._renegotiating = True
        media = self._new_media(self.sound)
        try:
            sdp = await media.answer(invite.body)
        except Unacceptable:
            self.phone.send(invite.reply(488))
            return
        finally:
            self._renegotiating = False
        if self.is_over:
            self.phone.send(invite.reply(481))
            self.phone.finish(media.close())
            return
        self._stop_waiting()
        old_media, self._media = self._media, media
        self._request("BYE")  # to a page that is gone, or to a phone that would be left alone in the call
        self._former.add((*self.key, self.remote_tag))
        escaped = invite.uri.partition(":")[2].partition("@")[0]
        self._dialog = self.phone.dialog_of(invite, escaped)
        self._tag = NameAddr.parse(self._dialog.local).params["tag"]
        self.phone.register(self)
        contact = ("Contact", self._dialog.contact)
        self.phone.send(invite.reply(200, [contact, SDP], sdp, tag=self._tag))
        self.phone.finish(old_media.close())

    def _rtp_digit_came(self, digit: str) -> None:
        self._digit_came(digit, "rtp")

    def _digit_came(self, digit: str, via: str) -> None:
        self.digits.append((digit, via))
        self.on_digit(digit, via)

    def _new_media(self, sound: str) -> "Media":
        """Raises ModuleNotFoundError without aiortc, an optional extra."""
        from server.pbx.media.media import Media, Peer

        self.sound = sound
        told = (self._rtp_digit_came, self._media_lost, self._stop_waiting)
        return Media(partial(Peer, cast("Sound", sound), *told))

    def _media_lost(self) -> None:
        """The other side's page may have been reloaded, or its network be another now: it has some time to
        come back, with Replaces or an ICE restart, counted from the last it sent."""
        self._stop_waiting()
        silent_for = self._media.silent_for if self._media else 0
        grace = max(0, self.phone.media_grace - silent_for)
        self._waiting = asyncio.get_running_loop().call_later(grace, self.bye)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _request(self, method: str, headers: Headers = (), body: str = "") -> None:
        self.phone.send(self._dialog.request(method, headers, body), lambda response: None)

    def _end(self, by: str) -> None:
        if self.is_over:
            return
        self.ended_by = by
        self._enter("ended")
        self._stop_waiting()
        self.phone.forget(self)
        if self._media is not None:
            self.phone.finish(self._media.close())
