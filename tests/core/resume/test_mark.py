"""What a store gives back of a dialog is taken up if a page of this user had it, or within our domain."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.effects import AcceptInvite, SendInvite
from embed_app.core.call.messages import CallAccepted, DialogKnown, HangupRequested
from embed_app.core.call.values import CallState, Dialog
from embed_app.core.link.call_rules import CallRules
from embed_app.core.link.messages import ConfigReceived, RegisterAccepted, Started, TransportUp
from embed_app.core.resume.effects import SendFarewell, SendReplacement
from embed_app.core.resume.mark import marked, trusted
from embed_app.core.resume.record import RecordError, read_record, write_record
from embed_app.core.resume.resume import record_of
from tests.core.driver import CALL, DIALOG, GOOD, T0, Driver, answered_outbound, config, record

KEYED = config(resume_key="5e" * 32, rules=CallRules())
KEYLESS = replace(KEYED, resume_key="")
FOREIGN = (
    "sip:8821699@evil.example",
    "sips:1002@evil.example",
    "sip:1002@169.254.169.254",
    "sip:1002@203.0.113.7:5060;transport=udp",
    "sip:1002@[2001:db8::1]",
    "sip:1002@acme.example.evil.example",
    "sip:1002@evilacme.example",
    "sip:evil.example",
    "sip:1002@acme.example@evil.example",
    "sip:+8821699@acme.example",
    "sip:19001234@acme.example",
)


def test_a_dialog_that_a_page_of_this_user_had_is_taken_up_as_it_is() -> None:
    dialog = marked(replace(DIALOG, remote_target="sip:asterisk@203.0.113.7:5060"), KEYED)
    assert len(dialog.mark) == 64
    assert trusted(dialog, KEYED) == dialog
    assert trusted(replace(dialog, sequence=9), KEYED) is not None, "the CSeq goes on within a call"


@pytest.mark.parametrize("key", ["", "5f" * 32])
def test_the_mark_of_another_user_or_of_none_is_none(key: str) -> None:
    dialog = marked(replace(DIALOG, remote_target=FOREIGN[0], remote_uri=FOREIGN[0]), config(resume_key=key))
    assert trusted(dialog, KEYED) is None


@pytest.mark.parametrize("field", ["sip_call_id", "local_tag", "remote_tag", "remote_target", "remote_uri"])
def test_a_marked_dialog_that_was_changed_is_not_marked(field: str) -> None:
    other: dict[str, Any] = {field: "sip:x@evil.example"}
    changed = replace(marked(DIALOG, KEYED), **other)
    found = trusted(changed, KEYED)
    assert found is None or "evil" not in found.remote_target + found.remote_uri


@pytest.mark.parametrize("uri", FOREIGN)
@pytest.mark.parametrize("with_key", [KEYED, KEYLESS])
def test_without_the_mark_nothing_leads_outside(uri: str, with_key: Any) -> None:
    assert trusted(replace(DIALOG, remote_target=uri, remote_uri=uri), with_key) is None
    for half in (replace(DIALOG, remote_target=uri), replace(DIALOG, remote_uri=uri)):
        found = trusted(half, with_key)
        assert found is not None
        assert uri not in (found.remote_target, found.remote_uri)
    assert trusted(replace(DIALOG, routes=("<sip:evil.example;lr>",)), with_key) is None


def test_an_address_of_the_pbx_that_is_none_raises_nothing() -> None:
    odd = replace(KEYED, wss_urls=("wss://[bad", *KEYED.wss_urls))
    assert trusted(replace(DIALOG, remote_target="sip:x@evil.example"), odd) is not None


def test_the_dialog_of_an_answered_call_is_marked_for_the_next_page() -> None:
    driver = answered_outbound()
    driver.send(ConfigReceived(config=KEYED))
    far = replace(DIALOG, remote_target="sip:asterisk@203.0.113.7")
    driver.send(DialogKnown(call_uuid=CALL, dialog=far, number="0912345678", display_name=""))
    left = record_of(driver.phone)
    assert left is not None
    found = read_record(write_record(replace(left, alive_at=T0, released=True)))
    sent = taken_back(found)
    assert [(one.target, one.dialog.remote_target) for one in sent] == [
        (far.remote_target, far.remote_target)
    ]


def taken_back(found: Any, hang_up: bool = False) -> list[SendReplacement]:
    driver = Driver()
    driver.send(Started(token=GOOD, record=found))
    for message in (ConfigReceived(config=KEYED), TransportUp(), RegisterAccepted()):
        driver.send(message)
    driver.send(HangupRequested(call_uuid=CALL) if hang_up else CallAccepted(call_uuid=CALL))
    for effect in driver.effects:
        if isinstance(effect, SendFarewell):
            assert trusted(effect.dialog, KEYED) == effect.dialog
    assert not [e for e in driver.effects if isinstance(e, SendInvite | AcceptInvite)]
    return [effect for effect in driver.effects if isinstance(effect, SendReplacement)]


uris = st.sampled_from(FOREIGN) | st.builds(
    "sip:{}@{}".format,
    st.text("0123456789+*#abc%", max_size=8),
    st.sampled_from(["acme.example", "x.acme.example", "one.example", "far.invalid", "[::1]", "10.0.0.1"])
    | st.from_regex(r"[a-z0-9.:\[\]-]{1,20}", fullmatch=True),
)


@given(
    remote_target=uris,
    remote_uri=uris,
    routes=st.lists(uris.map("<{};lr>".format), max_size=2),
    mark=st.sampled_from(["", "0" * 64]),
    state=st.sampled_from([None, "ringing", "answering", "queued", "inviting"]),
    direction=st.sampled_from(["inbound", "outbound"]),
    alive_at=st.floats(0, 4e9),
    hang_up=st.booleans(),
)
def test_no_record_dials_answers_or_leads_outside(
    remote_target: str,
    remote_uri: str,
    routes: list[str],
    mark: str,
    state: str | None,
    direction: str,
    alive_at: float,
    hang_up: bool,
) -> None:
    body = json.loads(write_record(replace(record(), released=True)))
    body["alive_at"] = alive_at
    body["dialog"] |= {
        "remote_target": remote_target,
        "remote_uri": remote_uri,
        "routes": routes,
        "mark": mark,
    }
    body["call"] |= {"state": state, "direction": direction}
    try:
        found = read_record(json.dumps(body))
    except RecordError:
        return
    assert found.call.state is not CallState.ANSWERING
    for sent in taken_back(found, hang_up):
        for uri in (sent.target, sent.dialog.remote_target, sent.dialog.remote_uri, *sent.dialog.routes):
            assert host_of(uri).endswith(("acme.example", "one.example", "two.example", ".invalid")), uri


def host_of(uri: str) -> str:
    """By another reading than the one under test."""
    plain = uri.strip("<>").partition(":")[2].partition(";")[0]
    host = urlsplit(f"//{plain}").hostname or ""
    assert not host.endswith("evilacme.example")
    return host if "." not in host else f".{host}".removeprefix(".")


def test_times_of_a_record_are_not_in_the_future() -> None:
    driver = Driver()
    far = replace(record().call, started_at=T0 + 1e6, answered_at=T0 + 1e6)
    driver.send(Started(token=GOOD, record=replace(record(), call=far, alive_at=T0 + 1e9, released=True)))
    assert (driver.call.started_at, driver.call.answered_at) == (T0, T0)


def test_a_dialog_without_a_key_is_left_unmarked() -> None:
    assert marked(DIALOG, config()) == marked(DIALOG, None) == DIALOG
    assert isinstance(DIALOG, Dialog)
