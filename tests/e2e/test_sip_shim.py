"""What the phone itself cannot show of the shim: requests that are slow, wrong or cross, no network."""

from __future__ import annotations

import json

import pytest

from tests.e2e.shim import Shim
from tests.e2e.world import World, until


def _invites(world: World, start: int) -> list[str]:
    return [text for direction, text in world.wire[start:] if direction == "in" and text.startswith("INVITE")]


@pytest.mark.slow  # test_commands has both, through the whole phone
def test_mute_and_hold_silence_the_microphone_and_survive_each_other(anna: Shim, ben: Shim) -> None:
    theirs = anna.call(ben, "c1")
    assert ben.heard(theirs)
    assert anna.heard("c1")
    anna.do("mute", "c1", True)
    ben.settle()
    assert not ben.heard(theirs)
    for on in (True, False):
        anna.do("hold", "c1", on)
        anna.wait("held", on=on)
    ben.settle()
    assert not ben.heard(theirs), "unhold must not unmute"
    anna.do("mute", "c1", False)
    assert ben.heard(theirs)
    anna.do("hold", "c1", True)
    anna.wait("held", on=True)
    ben.settle()
    assert not ben.heard(theirs), "a held caller must not hear us"
    anna.do("bye", "c1")
    ended = ben.wait("ended")
    assert (ended["by"], ended["kind"], ended["status"]) == ("remote", "bye", 0)


def test_digits_arrive_once_and_in_order(anna: Shim, ben: Shim) -> None:
    theirs = anna.call(ben, "c1")
    until(lambda: anna.do("canInsertDtmf", "c1"), "telephone-events")
    anna.do("insertDtmf", "c1", "12")
    anna.do("insertDtmf", "c1", "3#")
    ben.wait("dtmf", digit="#", via="rtp")
    for content_type, body in (
        ("application/dtmf-relay", "Signal=5\r\nDuration=160"),
        ("application/dtmf-relay", " signal = 11 \r\n"),
        ("application/dtmf", "9"),
        ("application/dtmf-relay", "Signal=99"),
        ("text/plain", "Signal=1"),
    ):
        anna.do("sendInfo", "c1", content_type, body)
    ben.do("insertDtmf", theirs, "D")
    anna.wait("dtmf", digit="D", via="rtp")
    ben.wait("dtmf", digit="9")
    told = [(event["digit"], event["via"]) for event in ben.since("dtmf")]
    assert told == [(d, "rtp") for d in "123#"] + [(d, "info") for d in "5#9"]
    anna.do("bye", "c1")
    ben.wait("ended")


def test_cancel_while_the_user_is_asked_for_the_microphone_sends_no_invite(anna: Shim, world: World) -> None:
    start = len(world.wire)
    anna.js("window.asked = new Promise((answer) => (window.allow = answer)); 0")
    anna.do("invite", "c1", "1001", "[]")
    anna.do("cancel", "c1")
    assert anna.wait("ended")["kind"] == "cancel"
    anna.js("allow()")
    until(lambda: anna.js("microphones.length"), "the microphone")
    until(lambda: anna.js("microphones.every((track) => track.readyState === 'ended')"), "it to be let go")
    assert _invites(world, start) == []


@pytest.mark.parametrize("name", ["NotAllowedError", pytest.param("NotFoundError", marks=pytest.mark.slow)])
def test_no_microphone_ends_the_call_on_both_sides(anna: Shim, ben: Shim, name: str) -> None:
    anna.js("(name) => (window.refused = name)", name)
    anna.do("invite", "c1", "1004", "[]")
    assert anna.wait("microphone_failed")["name"] == name
    assert anna.wait("ended")["kind"] == "failed"
    anna.mark()
    ben.do("invite", "c2", "1003", "[]")
    anna.do("accept", anna.wait("invite")["call_uuid"])
    assert anna.wait("microphone_failed")["name"] == name
    assert anna.wait("ended")["kind"] == "failed"
    assert ben.wait("ended")["status"] == 480


def test_nothing_but_a_number_gets_into_the_request(anna: Shim, world: World) -> None:
    start = len(world.wire)
    for index, user in enumerate(("1004@evil.example", "1004?X-Evil=1", "1004\r\nX-Evil: 1", "1004;x", "")):
        anna.do("invite", f"c{index}", user, "[]")
        assert anna.wait("ended", call_uuid=f"c{index}")["phrase"] == "Invalid target"
    assert _invites(world, start) == []
    anna.do(
        "invite", "h", "#31", json.dumps([["X-Good", "1"], ["X-Bad", "a\r\nX-Evil: 1"], ["X\r\nEvil", "1"]])
    )
    anna.wait("ended", call_uuid="h")
    (first, *_) = _invites(world, start)
    assert first.startswith("INVITE sip:%2331@")
    assert "X-Good: 1\r\n" in first
    assert "Evil" not in first


def test_replaced_credentials_are_used_at_the_next_register(anna: Shim) -> None:
    anna.mark()
    anna.configure(auth_password="wrong")
    anna.do("register")
    assert anna.wait("register_failed")["status"] == 403
    anna.configure()
    anna.do("register")
    anna.wait("registered")


def test_a_failed_connect_is_told_once_and_the_next_url_works(anna: Shim) -> None:
    anna.mark()
    anna.do("disconnect")
    anna.do("disconnect")
    assert [event["reason"] for event in anna.since("transport_down")] == ["closed"]
    for url in ("nonsense", anna.url.replace("/sip", "/nothing-here")):
        anna.mark()
        anna.do("connect", url)
        anna.wait("transport_down")
    anna.register()
    assert [event["type"] for event in anna.since()] == ["transport_up", "registered"]


def test_a_running_call_is_held_and_ended_over_the_next_socket(anna: Shim, ben: Shim, world: World) -> None:
    theirs = anna.call(ben, "c1")
    world.on_loop(world.pbx.drop_connections)
    for shim in (anna, ben):
        shim.wait("transport_down")
        assert len(shim.since("transport_down")) == 1
    assert anna.heard("c1"), "audio does not need the socket"
    anna.mark()
    anna.do("hold", "c1", True)
    assert anna.wait("hold_failed")["status"] == 0
    for shim in (anna, ben):
        shim.register()
    anna.do("hold", "c1", True)
    anna.wait("held", on=True)
    anna.do("hold", "c1", False)
    anna.wait("held", on=False)
    assert ben.heard(theirs)
    ben.do("bye", theirs)
    assert anna.wait("ended")["by"] == "remote"


@pytest.mark.slow
def test_a_bye_said_offline_is_sent_when_the_socket_is_back(anna: Shim, ben: Shim) -> None:
    anna.call(ben, "c1")
    anna.do("disconnect")
    anna.do("bye", "c1")
    anna.wait("ended")
    anna.register()
    assert ben.wait("ended")["kind"] == "bye"


@pytest.mark.slow
def test_an_offer_that_meets_ours_in_the_making_is_491_and_harms_nothing(anna: Shim, ben: Shim) -> None:
    theirs = anna.call(ben, "c1")
    anna.js("""() => {
      const make = RTCPeerConnection.prototype.createOffer;
      const free = new Promise((go) => (window.go = go));
      RTCPeerConnection.prototype.createOffer = async function (...given) {
        await free;
        return make.apply(this, given);
      };
    }""")
    anna.do("hold", "c1", True)
    ben.do("hold", theirs, True)
    assert ben.wait("hold_failed")["status"] == 491
    anna.js("go()")
    anna.wait("held", on=True)
    anna.do("hold", "c1", False)
    anna.wait("held", on=False)
    assert anna.heard("c1")
    assert ben.heard(theirs)
    anna.do("bye", "c1")
    ben.wait("ended")


def test_hold_before_the_ack_does_not_end_the_call(anna: Shim, ben: Shim) -> None:
    ben.js("""zorioSip.listen((json) => {
      const event = JSON.parse(json);
      events.push(event);
      if (event.type === "accepted") zorioSip.hold(event.call_uuid, true);
    })""")
    theirs = anna.call(ben, "c1")
    until(lambda: [e for e in ben.js("events") if e["type"] in ("held", "hold_failed")], "an outcome")
    ben.do("hold", theirs, False)
    ben.wait("held", on=False)
    anna.do("bye", "c1")
    ben.wait("ended")


def test_a_transfer_is_followed_under_the_announced_id(anna: Shim, ben: Shim) -> None:
    theirs = anna.call(ben, "c1")
    anna.do("refer", "c1", "*44")
    referred = ben.wait("referred")
    assert referred["user"] == "*44"
    ben.do("acceptRefer", theirs, referred["new_call_uuid"], "*44", "[]")
    ben.wait("accepted", call_uuid=referred["new_call_uuid"])
    anna.wait("refer_progress", status=200)
    assert anna.since("refer_accepted")
    anna.do("bye", "c1")
    ben.wait("ended", call_uuid=theirs)
    assert ben.heard(referred["new_call_uuid"])
    ben.do("bye", referred["new_call_uuid"])


def test_blocked_playback_is_told_once_and_a_tap_starts_it(anna: Shim, ben: Shim) -> None:
    anna.js("""() => {
      const play = HTMLMediaElement.prototype.play;
      window.blocked = true;
      HTMLMediaElement.prototype.play = function () {
        return blocked ? Promise.reject(new DOMException("", "NotAllowedError")) : play.call(this);
      };
    }""")
    anna.do("invite", "c1", "1004", "[]")
    ben.do("accept", ben.wait("invite")["call_uuid"])
    anna.wait("autoplay_blocked")
    anna.do("play")
    anna.js("blocked = false")
    anna.do("play")
    anna.wait("audio_playing")
    assert len(anna.since("autoplay_blocked")) == 1
    anna.do("bye", "c1")
    ben.wait("ended")


@pytest.mark.slow
def test_a_dead_stun_server_costs_the_cap_and_no_server_costs_nothing(anna: Shim) -> None:
    def seconds_to_invite(call_uuid: str) -> float:
        spent = anna.js(
            """(id) => new Promise((done) => {
              const start = performance.now();
              zorioSip.listen((json) => {
                const event = JSON.parse(json);
                events.push(event);
                if (event.type === "sent") done(performance.now() - start);
              });
              zorioSip.invite(id, "1001", "[]");
            })""",
            call_uuid,
        )
        anna.do("cancel", call_uuid)
        anna.wait("ended", call_uuid=call_uuid)
        return float(spent) / 1000

    anna.configure(gather_ms=4000)
    assert seconds_to_invite("c1") < 3
    anna.configure(gather_ms=600, ice_servers=[{"urls": ["stun:192.0.2.1:3478"]}])
    assert 0.6 <= seconds_to_invite("c2") < 3


def test_wrong_use_is_a_fault_and_never_an_exception(world: World) -> None:
    shim = Shim(world, "1003")
    shim.expect_faults("configure", "register")
    shim.do("connect", shim.url)
    shim.do("invite", "c1", "1004", "[]")
    shim.do("configure", "{")
    shim.do("configure", '{"uri": "x"}')
    shim.do("register")
    shim.do("hold", "c9", True)
    assert shim.do("stats", "c9") == "{}"
    assert shim.do("canInsertDtmf", "c9") is False
    detail = ("reason", "where", "phrase", "setting")
    told = [(e["type"], next(e[name] for name in detail if e.get(name))) for e in shim.since()]
    assert told == [
        ("transport_down", "not configured"),
        ("ended", "Not configured"),
        ("fault", "configure"),
        ("configure_failed", "uri"),
        ("fault", "register"),
    ]
    shim.close()


def test_what_a_listener_throws_is_told_without_end(world: World) -> None:
    """Python is the listener: what it raises comes out of the call as a PythonError."""
    shim = Shim(world, "1003")
    shim.expect_faults("the listener, transport_down")
    shim.js("""zorioSip.listen((json) => {
      const event = JSON.parse(json);
      events.push(event);
      if (event.type === "transport_down")
        throw Object.assign(new Error("never told"), { name: "PythonError", type: "KeyError" });
    })""")
    shim.do("connect", shim.url)
    fault = shim.wait("fault")
    assert (fault["kind"], fault["where"]) == ("KeyError", "the listener, transport_down")
    assert [e["type"] for e in shim.since()] == ["transport_down", "fault"]
    assert shim.console == ["zorio-webphone: KeyError at the listener, transport_down"]
    shim.close()


def test_a_listener_that_takes_no_fault_is_not_told_for_ever(world: World) -> None:
    shim = Shim(world, "1003")
    shim.js(
        """zorioSip.listen((json) => { events.push(JSON.parse(json)); throw new TypeError("never told"); })"""
    )
    shim.do("connect", shim.url)
    until(lambda: len(shim.console) == 2, "both lines")
    assert [e["type"] for e in shim.since()] == ["transport_down", "fault"]
    assert shim.console == [
        "zorio-webphone: TypeError at the listener, transport_down",
        "zorio-webphone: TypeError at the listener, fault",
    ]


def test_settings_that_cannot_be_used_are_named_and_change_nothing(anna: Shim) -> None:
    anna.mark()
    for uri in ("", "x", "sip:", "sip:@pbx.example", "sip:1003@pbx example", "tel:1003"):
        anna.configure(uri=uri)
    anna.do("register")
    anna.wait("registered")
    told = anna.since()
    assert told[:-1] == [{"type": "configure_failed", "setting": "uri"}] * 6, "and never the value"


def test_an_address_that_is_no_websocket_is_named_and_the_next_one_works(anna: Shim) -> None:
    anna.mark()
    anna.do("disconnect")
    anna.wait("transport_down")
    anna.mark()
    for url in ("ws://[/sip", "mailto:x@y", "ws://localhost/#sip"):
        anna.do("connect", url)
    assert anna.since() == [{"type": "configure_failed", "setting": "url"}] * 3
    anna.register()


def test_a_farewell_said_before_anything_is_configured_ends_the_call_once_it_can(
    anna: Shim, ben: Shim, world: World
) -> None:
    """The page of a call was reloaded, and the agent hung up before the new one had a WebSocket."""
    theirs = anna.call(ben, "c1")
    dialog = next(event for event in anna.js("events") if event["type"] == "dialog")
    after = Shim(world, "1003")
    after.do("farewell", json.dumps(dialog))
    after.configure()
    after.register()
    ended = ben.wait("ended", call_uuid=theirs)
    assert (ended["by"], ended["kind"]) == ("remote", "bye")
    after.do("disconnect")
    after.close()
    anna.do("bye", "c1")


def test_a_farewell_to_an_address_that_cannot_be_read_costs_no_other(
    anna: Shim, ben: Shim, world: World
) -> None:
    theirs = anna.call(ben, "c1")
    dialog = next(event for event in anna.js("events") if event["type"] == "dialog")
    after = Shim(world, "1003")
    after.do("farewell", json.dumps(dialog | {"remote_target": "sip:ben@[nowhere"}))
    after.do("farewell", json.dumps(dialog))
    after.configure()
    after.register()
    ended = ben.wait("ended", call_uuid=theirs)
    assert (ended["by"], ended["kind"]) == ("remote", "bye")
    after.expect_faults("owed")
    after.do("disconnect")
    after.close()
    anna.do("bye", "c1")
