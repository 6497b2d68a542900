"""One call of a service extension, either way round; also the handle that `Pbx.call` gives to tests.

calling -> ringing -> answered -> ended          (ringing may be skipped)
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from server.pbx.services.dialog import Dialog
from server.pbx.services.transfer import carry_out
from server.pbx.sip.address import NameAddr, SipUri
from server.pbx.sip.message import Headers, Request

if TYPE_CHECKING:
    from server.pbx.media.media import Media, Sound
    from server.pbx.services.service_phone import Agent

State = Literal["calling", "ringing", "answered", "ended"]
SDP = ("Content-Type", "application/sdp")
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*([0-9A-D*#])\s*$", re.MULTILINE | re.IGNORECASE)


class Call:
    """`state` moves as above. After the end, `status` and `phrase` say how an INVITE failed (else 200),
    `ended_by` who ended it ("local" or "remote") and `reason` the Reason header that came with it.

    `digits` lists what was received as (digit, "info" | "rtp").
    """

    def __init__(self, agent: "Agent", dialog: Dialog) -> None:
        self.agent = agent
        self.state: State = "calling"
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
        self._seen: set[State] = {"calling"}
        self._changed = asyncio.Event()
        self._renegotiating = False
        self._waiting: asyncio.TimerHandle | None = None
        self._former: set[tuple[str, str, str]] = set()

    @property
    def key(self) -> tuple[str, str]:
        """(Call-ID, our tag): a call from one service to another has two ends in this process."""
        return self._dialog.call_id, self._tag

    @property
    def remote_tag(self) -> str:
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

    @property
    def is_over(self) -> bool:
        return self.state == "ended"

    async def wait_for(self, state: State, within: float | None = None) -> bool:
        """True once the call is or was in `state`; False when it ended without, or `within` s have passed.

        A call that was answered counts as having rung.
        """
        try:
            async with asyncio.timeout(within):
                while state not in self._seen and not self.is_over:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return state in self._seen

    async def over(self) -> None:
        """Wait for the end of the call."""
        await self.wait_for("ended")

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
        body = f"Signal={digit}\r\nDuration={duration}\r\n"
        self._request("INFO", [("Content-Type", "application/dtmf-relay")], body)

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
        """A request inside the dialog."""
        method = request.method
        if method == "ACK":
            return
        if method == "BYE":
            self.agent.send(request.reply(200))
            self.reason = request.get("Reason")
            self._end("remote")
        elif method == "INVITE":
            self.agent.spawn(self._renegotiate(request))
        elif method == "REFER":
            self.agent.spawn(carry_out(self, request))
        elif method == "INFO":
            self.agent.send(request.reply(200))
            self._heard_info(request)
        elif method in ("OPTIONS", "NOTIFY", "MESSAGE"):
            self.agent.send(request.reply(200))
        else:
            self.agent.send(request.reply(405, [("Allow", "INVITE, ACK, BYE, CANCEL, INFO, REFER, OPTIONS")]))

    async def _renegotiate(self, request: Request) -> None:
        """Hold, unhold, ICE restart: a new offer (RFC 3264 section 8)."""
        from server.pbx.media.media import Unacceptable

        if self._renegotiating or self.state != "answered" or self._media is None:
            self.agent.send(request.reply(491))
            return
        self._renegotiating = True
        try:
            sdp = await self._media.answer(request.body)
        except Unacceptable:
            self.agent.send(
                request.reply(488, [("Warning", '399 demo-pbx "offer not usable, or ICE restart"')])
            )
        else:
            self._stop_waiting()
            if request.contact:
                self._dialog.target = request.contact.bare
            self.agent.send(request.reply(200, [("Contact", self._dialog.contact), SDP], sdp))
        finally:
            self._renegotiating = False

    async def replaced_by(self, invite: Request) -> None:
        """Go on in the dialog `invite` begins, with media of its own (RFC 3891); the old one gets a BYE."""
        from server.pbx.media.media import Unacceptable

        if self._renegotiating or self.state != "answered" or self._media is None or invite.contact is None:
            self.agent.send(invite.reply(491))
            return
        self._renegotiating = True
        media = self._new_media(self.sound)
        try:
            sdp = await media.answer(invite.body)
        except Unacceptable:
            self.agent.send(invite.reply(488))
            return
        finally:
            self._renegotiating = False
        if self.is_over:
            self.agent.send(invite.reply(481))
            self.agent.finish(media.close())
            return
        self._stop_waiting()
        old_media, self._media = self._media, media
        self._request("BYE")  # to a page that is gone, or to a phone that would be left alone in the call
        self._former.add((*self.key, self.remote_tag))
        escaped = invite.uri.partition(":")[2].partition("@")[0]
        self._dialog = self.agent.dialog_of(invite, escaped)
        self._tag = NameAddr.parse(self._dialog.local).params["tag"]
        self.agent.register(self)
        contact = ("Contact", self._dialog.contact)
        self.agent.send(invite.reply(200, [contact, SDP], sdp, tag=self._tag))
        self.agent.finish(old_media.close())

    def _heard_info(self, request: Request) -> None:
        kind = request.get("Content-Type").partition(";")[0].strip().lower()
        found = None
        if kind == "application/dtmf-relay":
            found = _SIGNAL.search(request.body)
        elif kind == "application/dtmf":
            found = re.fullmatch(r"\s*([0-9A-D*#])\s*", request.body, re.IGNORECASE)
        if found:
            self._heard(found[1].upper(), "info")

    def _heard_rtp(self, digit: str) -> None:
        self._heard(digit, "rtp")

    def _heard(self, digit: str, via: str) -> None:
        self.digits.append((digit, via))
        self.on_digit(digit, via)

    def _new_media(self, sound: str) -> "Media":
        """Raises ModuleNotFoundError without aiortc, an optional extra."""
        from server.pbx.media.media import Media, Peer

        self.sound = sound
        told = (self._heard_rtp, self._media_lost, self._stop_waiting)
        return Media(partial(Peer, cast("Sound", sound), *told))

    def _media_lost(self) -> None:
        """The other side's page may have been reloaded, or its network be another now: it has some time to
        come back, with Replaces or an ICE restart, counted from the last it sent."""
        self._stop_waiting()
        silent_for = self._media.silent_for if self._media else 0
        grace = max(0, self.agent.media_grace - silent_for)
        self._waiting = asyncio.get_running_loop().call_later(grace, self.bye)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _request(self, method: str, headers: Headers = (), body: str = "") -> None:
        self.agent.send(self._dialog.request(method, headers, body), lambda response: None)

    def _enter(self, state: State) -> None:
        if not self.is_over:
            self.state = state
            self._seen |= {"ringing", state} if state == "answered" else {state}
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    def _end(self, by: str) -> None:
        if self.is_over:
            return
        self.ended_by = by
        self._enter("ended")
        self._stop_waiting()
        self.agent.forget(self)
        if self._media is not None:
            self.agent.finish(self._media.close())
