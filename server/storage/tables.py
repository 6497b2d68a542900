"""The tables (SQLAlchemy Core). Times are whole epoch seconds, lists are JSON."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("domain", String(253), nullable=False, unique=True),
    Column("sip_domain", String(253), nullable=False),
    Column("wss_urls", JSON, nullable=False),
    Column("ice_servers", JSON, nullable=False),
    Column("features", JSON, nullable=False),
    Column("allowed_origins", JSON, nullable=False),
    # Columns `…_sealed` are encrypted (key_ring.py). The columns of the same names without it are those of
    # older versions, in clear: they are emptied at the next start (customers/at_rest.py).
    # Shared with the PBX for time-limited credentials; NULL: each user has a static SIP password.
    Column("sip_secret", String(200)),
    Column("sip_secret_sealed", LargeBinary),
    # Shared with the TURN server, for relay credentials of some hours; NULL: ice_servers as they are.
    Column("turn_secret", String(200)),
    Column("turn_secret_sealed", LargeBinary),
    # All of ice_servers where one has a credential; there they stand without it.
    Column("ice_servers_sealed", LargeBinary),
    # By which the PBX reports calls that reached no phone; NULL: by sip_secret.
    Column("missed_calls_secret_sealed", LargeBinary),
    # #rrggbb; NULL: the phone's own.
    Column("accent", String(7)),
    # Call rules that are not the default (customers/call_rules.py); NULL: all are.
    Column("rules", JSON(none_as_null=True)),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("username", String(200), nullable=False),
    Column("email", String(254)),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("extension", String(32)),
    Column("display_name", String(200), nullable=False),
    Column("sip_password", String(200)),
    Column("sip_password_sealed", LargeBinary),
    # What was given out in an earlier one no longer counts (customers/claims.py). NULL, of older versions: 0.
    Column("epoch", Integer),
    UniqueConstraint("account_id", "username"),
    UniqueConstraint("account_id", "extension"),
)

bearers = Table(
    "bearers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("device_name", String(200)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    # Numbers of deleted bearers are not given out again: "12|…" names one bearer for ever.
    sqlite_autoincrement=True,
)

token_uses = Table(
    "token_uses",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("uses", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("token_uses_expiry", "expires_at"),
)

# Encrypted (customers/resume_records.py): the number of a caller must not be readable in a database
# or its backups.
resume_records = Table(
    "resume_records",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("resume_records_expiry", "expires_at"),
)

# Encrypted (customers/history.py), but for what rows are sorted and deleted by.
call_history = Table(
    "call_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("uuid", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # Answered or dialled: unanswered calls do not push it out. Null in rows of older versions.
    Column("wanted", Boolean),
    UniqueConstraint("user_id", "uuid"),
    Index("call_history_start", "started_at"),
)

phone_states = Table(
    "phone_states",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("do_not_disturb", Boolean),
    # Missed calls that ended before were looked at.
    Column("seen_at", BigInteger),
)

leases = Table(
    "leases",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("extension", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
