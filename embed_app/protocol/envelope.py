"""The form every message has, both ways (contract section 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embed_app.core.shared import SHARED

SOURCE = SHARED.source
MAX_MESSAGE = SHARED.longest_message
MAX_ID = 128


class ProtocolError(ValueError):
    """The parent's message is wrong. `code` is one of `errors.ERRORS`; values are never repeated."""

    def __init__(self, code: str, *fields: str, id: str | None = None) -> None:
        super().__init__(f"{code}: {', '.join(fields)}")
        self.code = code
        self.fields = fields
        self.id = id


@dataclass(frozen=True, slots=True)
class Envelope:
    type: str
    payload: Mapping[str, Any]
    id: str | None = None


def open_envelope(text: str) -> Envelope | None:
    """JSON text -> Envelope; None for a message that is not meant for us.

    Raises ProtocolError where it says it is ours but is not of the form.
    """
    if len(text) > MAX_MESSAGE:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("source") != SOURCE:
        return None
    message_id = data.get("id")
    if message_id is not None and not (isinstance(message_id, str) and 0 < len(message_id) <= MAX_ID):
        raise ProtocolError("invalid_message", "id")
    kind, payload = data.get("type"), data.get("payload")
    if not isinstance(kind, str):
        raise ProtocolError("invalid_message", "type", id=message_id)
    if payload is None:
        payload = {}
    if not isinstance(payload, dict):
        raise ProtocolError("invalid_message", "payload", id=message_id)
    return Envelope(kind, payload, message_id)


def seal(type: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": SOURCE, "type": type, "payload": dict(payload)}


def seal_response(
    id: str, *, payload: Mapping[str, Any] | None, error: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Exactly one for each command that carried an `id` (contract section 3, beyond)."""
    head = {"source": SOURCE, "type": "response", "id": id}
    if error is not None:
        return {**head, "ok": False, "error": dict(error)}
    return {**head, "ok": True, "payload": dict(payload or {})}
