"""Host names, origins, and addresses of WebSockets: what is accepted, and in which form."""

import pytest

from server.customers.origins import check_origin, host_name, websocket_origin


@pytest.mark.parametrize(
    ("header", "name"),
    [("A.Example:80", "a.example"), ("a.example:", "a.example"), ("a b", ""), ("a..b", ""), ("[::1]:80", "")],
)
def test_host_names(header: str, name: str) -> None:
    assert host_name(header) == name


def test_origins_and_sockets_are_written_for_the_policy() -> None:
    assert check_origin("HTTPS://CRM.Example:8443") == "https://crm.example:8443"
    assert check_origin("https://*.crm.example") == "https://*.crm.example"
    assert check_origin("http://localhost:*") == "http://localhost:*"
    assert websocket_origin("wss://PBX.example:7443/ws?x=1") == "wss://pbx.example:7443"
