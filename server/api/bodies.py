"""Reads JSON bodies into msgspec structs: 400 for what is no JSON object, 422 naming every wrong field."""

import asyncio
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from server.errors import Invalid, Malformed

LARGEST_BODY = 16 * 1024
"""Bytes; the largest honest body is a login of some 1,500."""

BODY_SECONDS = 20.0
"""For the whole of a body; on a slow mobile line the largest takes three."""

Body = TypeVar("Body", bound=msgspec.Struct)


async def read_body(request: Request, model: type[Body], *, optional: bool = False) -> Body:
    """The body as `model`. `optional`: no body at all means `{}`. Raises Malformed and Invalid."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise Malformed
    except (ClientDisconnect, TimeoutError) as error:
        raise Malformed from error
    return parse_body(bytes(body) or (b"{}" if optional else b""), model)


def parse_body(body: bytes, model: type[Body]) -> Body:
    """Like `read_body`, for bytes that are there already."""
    try:
        # msgspec stops at the first wrong field; read one by one, the caller hears of all of them. The text
        # is decoded first because a part that is skipped is not checked for UTF-8.
        parts = msgspec.json.decode(body.decode(), type=dict[str, msgspec.Raw])
        return _struct(parts, model)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed from error


def _struct(parts: dict[str, msgspec.Raw], model: type[Body]) -> Body:
    values: dict[str, object] = {}
    errors: dict[str, list[str]] = {}
    for field in msgspec.structs.fields(model):
        part = parts.get(field.name)
        if part is None:
            if field.required:
                errors[field.name] = [f"The {field.name} field is required."]
            continue
        try:
            values[field.name] = msgspec.json.decode(part, type=field.type)
        except msgspec.ValidationError as error:
            # msgspec names the type and the bound it wanted, never the value it got.
            errors[field.name] = [f"The {field.name} field is not valid: {_lower_first(str(error))}."]
    if errors:
        raise Invalid(errors)
    return model(**values)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
