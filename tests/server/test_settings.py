"""Settings: no guessable key gets through, and no value is repeated in a message."""

import os
import re
from pathlib import Path

import pytest

from server import settings
from server.settings import SettingsError, settings_from
from tests.server.world import DATA_KEYS, KEYS

GOOD = ",".join(f"{key_id}={secret}" for key_id, secret in KEYS.items())
DATA = ",".join(f"{key_id}={key}" for key_id, key in DATA_KEYS.items())


def test_defaults() -> None:
    found = settings_from({"ZORIO_SIGNING_KEYS": GOOD, "ZORIO_DATA_KEYS": DATA})
    assert list(found.signing_keys) == ["new", "old"]
    assert found.database_url == f"sqlite:///{settings.PROJECT}/var/zorio.db"
    assert (found.bearer_days, found.token_uses, found.sip_seconds) == (90, 5, 43_200)
    assert KEYS["new"] not in repr(found)
    assert found.data_keys == DATA_KEYS
    assert DATA_KEYS["d1"] not in repr(found)


def test_every_setting_is_read_and_documented() -> None:
    given = {
        "ZORIO_SIGNING_KEYS": GOOD,
        "ZORIO_DATA_KEYS": DATA,
        "ZORIO_DATABASE_URL": "sqlite:////tmp/x.db",
        "ZORIO_DATABASE_WAIT_MS": "7",
        "ZORIO_DIST_DIR": "/srv/dist",
        "ZORIO_BEARER_DAYS": "1",
        "ZORIO_TOKEN_USES": "2",
        "ZORIO_SIP_SECONDS": "900",
        "ZORIO_HISTORY_DAYS": "0",
        "ZORIO_FORWARDED_IPS": "10.0.0.1",
    }
    found = settings_from(given)
    assert found.dist == Path("/srv/dist")
    assert (found.database_url, found.database_wait_ms) == ("sqlite:////tmp/x.db", 7)
    assert (found.bearer_days, found.token_uses, found.sip_seconds) == (1, 2, 900)
    assert found.history_days == 0
    assert found.forwarded_ips == "10.0.0.1"
    source = Path(settings.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r'"(ZORIO_[A-Z_]+)"', source))
    documented = set(re.findall(r"^ *(ZORIO_[A-Z_]+)", settings.__doc__ or "", re.MULTILINE))
    assert read == documented == set(given)


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "k",
        "k=",
        "k=q8Zt",
        "k=" + "a" * 64,
        "k=" + "0123456789abcdef" * 1,
        "k=change-me-change-me-0123456789-abcdef",
        "k=The-Default-Secret-0123456789-abcdef",
        "k=abcdefghij klmnopqrstuvwxyz0123456789",
        "k/1=" + KEYS["new"],
        "=" + KEYS["new"],
        f"k={KEYS['new']},k={KEYS['old']}",
    ],
)
def test_a_bad_key_stops_the_start_and_is_not_repeated(keys: str) -> None:
    with pytest.raises(SettingsError, match="ZORIO_SIGNING_KEYS") as caught:
        settings_from({"ZORIO_SIGNING_KEYS": keys})
    for secret in (part.partition("=")[2] for part in keys.split(",")):
        assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "k",
        "k=",
        "k=q8Zt",
        "k=" + "A" * 43,
        "k=" + "A" * 43 + "=",
        f"k={DATA_KEYS['d1'][:-2]}",
        f"k={DATA_KEYS['d1']}x",
        f"k={'0123456789abcdef' * 4}",
        f"k/1={DATA_KEYS['d1']}",
        f"k{'1' * 32}={DATA_KEYS['d1']}",
        f"={DATA_KEYS['d1']}",
        f"k={DATA_KEYS['d1']},k={DATA_KEYS['d1']}",
    ],
)
def test_a_bad_data_key_stops_the_start_and_is_not_repeated(keys: str) -> None:
    with pytest.raises(SettingsError, match="ZORIO_DATA_KEYS") as caught:
        settings_from({"ZORIO_SIGNING_KEYS": GOOD, "ZORIO_DATA_KEYS": keys})
    for secret in (part.partition("=")[2] for part in keys.split(",")):
        assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "٣", "1_0", "99999999999999999999", " 1"])
def test_a_bad_number_names_its_variable(days: str) -> None:
    with pytest.raises(SettingsError, match="ZORIO_BEARER_DAYS must be a whole number from 1 to 3650"):
        settings_from({"ZORIO_SIGNING_KEYS": GOOD, "ZORIO_DATA_KEYS": DATA, "ZORIO_BEARER_DAYS": days})


def test_the_environment_of_the_tests_sets_nothing() -> None:
    assert not [name for name in os.environ if name.startswith("ZORIO_")]
