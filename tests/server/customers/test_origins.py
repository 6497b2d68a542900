"""Host names, origins, and addresses of WebSockets: what is accepted, and in which form."""

import pytest

from server.customers.origins import check_origin, host_name, is_too_wide, usable_origins, websocket_origin


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


@pytest.mark.parametrize(
    "origin",
    [
        "https://*.com",
        "https://*.com.vn",
        "https://*.github.io",
        "https://*.GitHub.IO:8443",
        "https://*.vercel.app",
        "https://*.s3.amazonaws.com",
        "https://*.co.uk",
        "https://*.intranet",
        "https://*.localhost",
        "https://*.0.0.1",
        "https://*.10.0.0.1",
    ],
)
def test_a_wildcard_stands_for_one_owner_only(origin: str) -> None:
    with pytest.raises(ValueError, match="anybody can have a page there"):
        check_origin(origin)
    assert is_too_wide(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://*.example.vn",
        "https://*.example.com.vn:*",
        "https://*.me.github.io",
        "https://example.github.io",
        "https://com",
        "https://10.0.0.1",
        "https://*.crm.intranet",
    ],
)
def test_a_domain_of_ones_own_is_fine(origin: str) -> None:
    assert check_origin(origin) == origin


@pytest.mark.parametrize("port", ["0", "00", "65536", "99999"])
def test_no_such_port(port: str) -> None:
    with pytest.raises(ValueError, match="1 to 65535"):
        check_origin(f"https://crm.example.vn:{port}")
    assert check_origin("https://crm.example.vn:65535").endswith(":65535")


def test_rows_of_an_older_version_lose_what_is_too_wide(caplog: pytest.LogCaptureFixture) -> None:
    row = ("https://*.github.io", "https://crm.example.vn")
    assert usable_origins(row) == usable_origins(row) == ("https://crm.example.vn",)
    assert [record.getMessage() for record in caplog.records] == [
        "allowed origins that are too wide are left out: ['https://*.github.io']"
    ]


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_rows_of_an_older_version_lose_a_port_that_does_not_exist(
    port: str, caplog: pytest.LogCaptureFixture
) -> None:
    origin = f"https://old{port}.example.vn:{port}"
    assert usable_origins((origin, "https://crm.example.vn")) == ("https://crm.example.vn",)
    assert [record.getMessage() for record in caplog.records] == [
        f"allowed origins with a port that does not exist are left out: ['{origin}']"
    ]


def test_a_port_has_ascii_digits() -> None:
    """Others would not fit into a header: every page of the account would be a 500."""
    with pytest.raises(ValueError, match="no origin"):
        check_origin("https://crm.example.vn:٤٤٣")
