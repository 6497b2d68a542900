"""All bytes that a thief of the database has, and what may not be among them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from sqlalchemy import make_url, text

from server.storage.database import Database
from tests.real.postgresql import Postgresql


def every_byte(url: str, postgresql: Postgresql | None) -> bytes:
    """SQLite's file with its log; of PostgreSQL every file of this database."""
    if postgresql is None:
        file = Path(str(make_url(url).database))
        return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
    database = Database(url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        number = connection.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar_one()
    database.close()
    folder = postgresql.program.folder / "data" / "base" / str(number)
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def found(secrets: list[str], stolen: bytes) -> list[str]:
    """The secrets that are in there, as text or in a form that anybody reads."""
    return [secret for secret in secrets if any(form in stolen for form in _forms(secret))]


def _forms(secret: str) -> set[bytes]:
    raw = secret.encode()
    forms = {raw, secret.encode("utf-16-le"), raw.hex().encode(), json.dumps(secret)[1:-1].encode()}
    # In base64 a text looks different at each of three places.
    for start in range(3):
        coded = base64.b64encode(b"\0" * start + raw)
        whole = coded[4 if start else 0 : len(coded) // 4 * 4 - 4]
        forms |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    return forms
