"""A database as the version before ZORIO_DATA_KEYS has made and filled it: secrets in clear."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    delete,
    insert,
    make_url,
)

from server.storage.sealing import Sealer
from tests.server.world import PASSWORD_HASH

_former = MetaData()
accounts = Table(
    "accounts",
    _former,
    Column("id", Integer, primary_key=True),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("domain", String(253), nullable=False, unique=True),
    Column("sip_domain", String(253), nullable=False),
    Column("wss_urls", JSON, nullable=False),
    Column("ice_servers", JSON, nullable=False),
    Column("features", JSON, nullable=False),
    Column("allowed_origins", JSON, nullable=False),
    Column("sip_secret", String(200)),
    Column("turn_secret", String(200)),
    Column("accent", String(7)),
)
users = Table(
    "users",
    _former,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("username", String(200), nullable=False),
    Column("email", String(254)),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("extension", String(32)),
    Column("display_name", String(200), nullable=False),
    Column("sip_password", String(200)),
    UniqueConstraint("account_id", "username"),
    UniqueConstraint("account_id", "extension"),
)
resume_records = Table(
    "resume_records",
    _former,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
call_history = Table(
    "call_history",
    _former,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("uuid", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("user_id", "uuid"),
)

RELAY = {"urls": ["turn:turn.example"], "username": "relay-user", "credential": "former relay credential"}
STUN = {"urls": ["stun:stun.example"]}
SIP_SECRET, TURN_SECRET = "former secret of the pbx", "former secret of the relay"
DELETED = "former password of somebody who was removed"
RECORD = '{"number": "0987654321"}'


def password(number: int) -> str:
    """The SIP password of the user at this extension."""
    return f"former password of {number}"


def make(url: str, keys: Mapping[str, str], now: int, people: int = 3) -> None:
    """Alpha shares secrets, Beta has users 1001, 1002, … with SIP passwords, a call and a record each."""
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        _former.create_all(connection)
        _fill(connection, keys, now, people)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        connection.execute(delete(users).where(users.c.username.like("gone%")))
    engine.dispose()


def _fill(connection: Connection, keys: Mapping[str, str], now: int, people: int) -> None:
    for number, name in enumerate(("alpha", "beta"), 1):
        values = {
            "id": number,
            "public_id": f"{number}" * 36,
            "name": name,
            "domain": f"phone.{name}.example",
            "sip_domain": f"sip.{name}.example",
            "wss_urls": [f"wss://pbx.{name}.example/ws"],
            "ice_servers": [STUN, RELAY] if name == "beta" else [{"urls": "turn:turn.example"}],
            "features": {},
            "allowed_origins": [f"https://crm.{name}.example"],
            "sip_secret": SIP_SECRET if name == "alpha" else None,
            "turn_secret": TURN_SECRET if name == "alpha" else None,
        }
        connection.execute(insert(accounts).values(values))
    _user(connection, 1, "an", "1001", None)
    for number in range(1001, 1001 + people):
        user_id = _user(
            connection, 2, "an" if number == 1001 else f"u{number}", str(number), password(number)
        )
        _kept(connection, keys, now, user_id, str(number))
    for number in range(40):
        _user(connection, 2, f"gone{number}", None, f"{DELETED} {number}")


def _user(
    connection: Connection, account: int, username: str, extension: str | None, sip_password: str | None
) -> int:
    values = {
        "account_id": account,
        "username": username,
        "password_hash": PASSWORD_HASH,
        "role": "agent",
        "extension": extension,
        "display_name": username,
        "sip_password": sip_password,
    }
    key = connection.execute(insert(users).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _kept(connection: Connection, keys: Mapping[str, str], now: int, user_id: int, extension: str) -> None:
    customer = "2" * 36
    call = {
        "uuid": f"call-{user_id}",
        "direction": "inbound",
        "number": "0912345678",
        "name": "Bình",
        "started_at": now - 60,
        "answered_at": None,
        "ended_at": now - 30,
        "reason": "no_answer",
    }
    sealed = Sealer(keys, "call history").seal(
        msgspec.json.encode(call).decode(), f"{customer} {user_id} {call['uuid']}"
    )
    row = {"user_id": user_id, "uuid": call["uuid"], "started_at": now - 60, "sealed": sealed}
    connection.execute(insert(call_history).values(row))
    sealed = Sealer(keys, "resume records").seal(RECORD, f"{customer} {user_id} {extension}")
    record = {"user_id": user_id, "sealed": sealed, "expires_at": now + 60}
    connection.execute(insert(resume_records).values(record))
