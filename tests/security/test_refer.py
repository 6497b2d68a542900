"""A peer that wants the phone to call somebody: REFER (RFC 3515) with all in it that may do harm."""

from __future__ import annotations

import pytest

from server.pbx.sip.message import Request, Response
from tests.e2e.phone import Phone
from tests.e2e.world import until
from tests.security.dialog import Dialog
from tests.security.hostile_peer import HostilePeer

COLLEAGUE = [("P-Asserted-Identity", "<sip:1002@localhost>")]
OUTSIDE = "0912345678"
REPLACES = "there%40far%3Bto-tag%3Done%3Bfrom-tag%3Dtwo"


def talking(peer: HostilePeer, victim: Phone, **call: object) -> Dialog:
    """The peer has called, and the agent has answered."""
    victim.mark()
    dialog = peer.invite("0987654321", "Giám đốc", **call)  # type: ignore[arg-type]
    victim.wait_event("incoming_call")
    victim.send("answer")
    dialog.wait_answered()
    victim.wait_event("call_answered")
    return dialog


def ask(peer: HostilePeer, victim: Phone, refer_to: str, dialog: Dialog) -> tuple[Request, dict[str, object]]:
    """A REFER that the agent is asked about; it and what the parent is told."""
    victim.mark()
    sent = dialog.request("REFER", [("Refer-To", refer_to)])
    return sent, victim.wait_event("transfer_requested")


def final(peer: HostilePeer, sent: Request) -> int:
    return peer.wait_response(sent).status


def shown(victim: Phone, id: str) -> str:
    return str(victim.frame.locator(f"#{id}").inner_text())


def progress(peer: HostilePeer, dialog: Dialog, since: int) -> list[tuple[str, str]]:
    """(the status of the sipfrag, the state of the subscription) of each NOTIFY."""
    return [
        (request.body.split()[1], request.get("Subscription-State").split(";")[0])
        for request in peer.requests("NOTIFY", since=since, call_id=dialog.call_id)
    ]


def wait_outcome(peer: HostilePeer, dialog: Dialog, since: int, status: str) -> None:
    until(lambda: (status, "terminated") in progress(peer, dialog, since), "the outcome")


def test_no_target_but_a_number_of_our_own_pbx(peer: HostilePeer, victim: Phone) -> None:
    dialog = talking(peer, victim, headers=COLLEAGUE)
    victim.mark()
    refused = [
        "<sip:+8821699@evil.example>",
        "<sip:1002@169.254.169.254>",
        "<sip:1002@[::1]>",
        "<sip:1002@localhost.evil.example>",
        "<sip:1002@localhost;maddr=169.254.169.254>",
        "<sips:1002@localhost>",
        "<tel:+8821699>",
        "<http://evil.example/>",
        "<sip:localhost>",
        "<sip:1002%40evil.example@localhost>",
        "<sip:1002%3Bmaddr=evil.example@localhost>",
        "<sip:1002;method=BYE@localhost>",
        "<sip:1002@localhost;method=REGISTER>",
        "<sip:+8821699@evil.example?Replaces=" + REPLACES + ">",
        '"1002" <sip:x@evil.example?Replaces=' + REPLACES + ">",
        '"1002" <sip:director@localhost?Replaces=' + REPLACES + ">",
        "<sip:1002@localhost?Replaces=" + REPLACES + "%0D%0AX-Evil%3A%201>",
        "<sip:1002@localhost?Replaces=a&Replaces=b>",
        "",
        "nonsense",
    ]
    statuses = {
        refer_to: dialog.ask("REFER", [("Refer-To", refer_to)], seconds=5).status for refer_to in refused
    }
    assert {refer_to: status for refer_to, status in statuses.items() if status not in (400, 603)} == {}
    two = [("Refer-To", "<sip:1002@localhost>"), ("Refer-To", "<sip:1003@localhost>")]
    assert dialog.ask("REFER", two).status == 400
    assert dialog.ask("REFER").status == 400
    assert peer.invites() == []
    assert "transfer_requested" not in victim.types()


def test_a_stranger_is_followed_only_with_a_yes(peer: HostilePeer, victim: Phone) -> None:
    """The agent sees the number, whatever name comes with it. After a yes the INVITE has nothing else of the
    REFER."""
    dialog = talking(peer, victim, headers=[("Remote-Party-ID", "<sip:1002@localhost>")])
    spoof = f'"1002 Giám đốc" <sip:{OUTSIDE}@localhost;transport=tcp;lr?Replaces={REPLACES}'
    spoof += "&Route=%3Csip%3Aevil.example%3Blr%3E&X-Evil=1>"
    sent, told = ask(peer, victim, spoof, dialog)
    assert (told["number"], told["attended"]) == (OUTSIDE, True)
    assert shown(victim, "request-number").replace(" ", "") == OUTSIDE
    (call,) = victim.state()["calls"]
    assert call["transfer_request"] == {"number": OUTSIDE, "attended": True}
    assert peer.responses("REFER") == []
    assert victim.ask("accept_transfer", {"number": "0999999999"})["ok"] is False
    assert peer.invites() == []
    victim.frame.click("#request-decline")
    assert final(peer, sent) == 603
    victim.frame.locator("#request").wait_for(state="hidden")
    assert "transfer_request" not in victim.state()["calls"][0]

    since = peer.mark()
    sent, _ = ask(peer, victim, spoof, dialog)
    assert victim.ask("accept_transfer", {"number": OUTSIDE})["ok"] is True
    assert final(peer, sent) == 202
    leg = peer.take_invite()
    assert leg.invite.uri == f"sip:{OUTSIDE}@localhost"
    assert leg.invite.get("Replaces") == "there@far;to-tag=one;from-tag=two"
    assert [leg.invite.get(name) for name in ("X-Evil", "Route")] == ["", ""]
    leg.ring()
    until(lambda: len(progress(peer, dialog, since)) == 2, "two NOTIFYs")
    leg.refuse(486)
    until(lambda: len(progress(peer, dialog, since)) == 3, "the last NOTIFY")
    assert progress(peer, dialog, since) == [("100", "active"), ("180", "active"), ("486", "terminated")]
    assert len(peer.invites()) == 1


def test_a_colleague_is_followed_inside_and_not_eight_times(peer: HostilePeer, victim: Phone) -> None:
    dialog = talking(peer, victim, headers=COLLEAGUE)
    statuses = []
    for count in range(8):
        since = peer.mark()
        statuses.append(dialog.refer(f"sip:{1002 + count}@localhost").status)
        if statuses[-1] == 202:
            peer.take_invite().refuse(486)
            wait_outcome(peer, dialog, since, "486")
    assert statuses == [202] * 3 + [603] * 5
    assert [request.uri for request in peer.invites()] == [f"sip:{n}@localhost" for n in (1002, 1003, 1004)]


def test_a_colleague_cannot_send_us_outside_unasked(peer: HostilePeer, victim: Phone) -> None:
    """Two at once: one is asked about. The question ends with the call, and the referrer hears of it."""
    dialog = talking(peer, victim, headers=COLLEAGUE)
    first, told = ask(peer, victim, f"<sip:{OUTSIDE}@localhost>", dialog)
    assert told["number"] == OUTSIDE
    assert dialog.refer("sip:1003@localhost").status == 603
    dialog.bye()
    assert final(peer, first) == 603
    victim.wait_event("call_hangup")
    victim.frame.locator("#request").wait_for(state="hidden")
    assert victim.ask("accept_transfer", {"number": OUTSIDE})["ok"] is False
    assert peer.invites() == []


def test_what_the_agent_gives_up_is_told(peer: HostilePeer, victim: Phone) -> None:
    dialog = talking(peer, victim)
    since = peer.mark()
    _, _ = ask(peer, victim, "<sip:1003@localhost>", dialog)
    victim.frame.locator("#request-accept").click(
        delay=600
    )  # longer than a press that was meant for something else
    leg = peer.take_invite()
    leg.ring()
    uuid = victim.wait_event("call_ringing")["call"]["uuid"]
    victim.send("hangup", {"call_uuid": uuid})
    wait_outcome(peer, dialog, since, "487")


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "out of any dialog"])
def test_no_refer_outside_an_answered_call(peer: HostilePeer, victim: Phone, answered: bool) -> None:
    victim.mark()
    headers = [("Refer-To", "<sip:1003@localhost>")]
    if answered:
        talking(peer, victim, headers=COLLEAGUE)
        sent = Dialog.dial(peer, "1002").request("REFER", headers)
    else:
        dialog = peer.invite("1002", headers=COLLEAGUE)
        ringing: Response = peer.wait_response(dialog.invite, lambda response: response.status == 180)
        victim.wait_event("incoming_call")
        dialog.remote = ringing.get("To")
        sent = dialog.request("REFER", headers)
    assert final(peer, sent) >= 400
    assert peer.invites() == []
    assert "transfer_requested" not in victim.types()
