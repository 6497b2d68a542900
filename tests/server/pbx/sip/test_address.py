"""SIP addresses: what is one, and that any name survives quoting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pbx.sip.address import NameAddr, SipUri, quote, split_commas


@given(st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=["Cs"])))
def test_any_display_name_survives_quoting(name: str) -> None:
    value = f"{quote(name)} <sip:1@pbx.test>;tag=a"
    address = NameAddr.parse(value)
    assert (address.display, address.uri, address.params) == (name, "sip:1@pbx.test", {"tag": "a"})
    assert split_commas(f"{value}, {value}") == [value, value]


@pytest.mark.parametrize(
    ("text", "user", "host"),
    [
        ("sip:1001@pbx.test", "1001", "pbx.test"),
        ("SIP:a:secret@PBX.test:5060;transport=ws?X=1", "a", "pbx.test"),
        ("sips:%2a43@[2001:db8::1]:5061", "*43", "[2001:db8::1]"),
        ("sip:pbx.test", "", "pbx.test"),
        ("sip:%C4%91@h", "đ", "h"),
        ("sip:%ff@h", "�", "h"),
    ],
)
def test_uris(text: str, user: str, host: str) -> None:
    assert SipUri.parse(text).key == (user, host)


@pytest.mark.parametrize(
    "text", ["tel:+84", "http://x", "sip:", "sip:a@b@c", "sip:a b@c", 'sip:"@c', "1001", ""]
)
def test_what_is_no_sip_uri(text: str) -> None:
    with pytest.raises(ValueError):
        SipUri.parse(text)
