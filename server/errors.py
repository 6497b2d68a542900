"""Every error the API can answer, as JSON `{message}` (contract section 2).

ApiError
├── Malformed          400  the body is no JSON object
├── Unauthenticated    401  no bearer or token, or a bad one
├── Forbidden          403  known, but not allowed
├── NotFound           404  also for another customer's things: existence is never told
├── Conflict           409  the account or user is not set up for this
├── Invalid            422  a field is wrong; `errors` says which
├── TooManyRequests    429  with Retry-After
└── Unavailable        503  the database is locked or away; with Retry-After
"""

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

log = logging.getLogger("zorio.server")

_HTTP_MESSAGES = {
    400: "Malformed request body",
    401: "Unauthenticated.",
    403: "This action is unauthorized.",
    404: "Resource not found",
    405: "Method not allowed.",
}


class ApiError(Exception):
    """One error answer: status, message, headers, and for 422 the wrong fields."""

    status = 500
    message = "Server error."

    def __init__(
        self,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.headers = dict(headers or {})
        self.errors = errors
        super().__init__(self.message)


class Malformed(ApiError):
    status = 400
    message = _HTTP_MESSAGES[400]


class Unauthenticated(ApiError):
    """RFC 9110 section 15.5.2 wants `WWW-Authenticate` in a 401; browsers do not prompt for Bearer."""

    status = 401
    message = _HTTP_MESSAGES[401]

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiError):
    status = 403
    message = _HTTP_MESSAGES[403]


class NotFound(ApiError):
    status = 404
    message = _HTTP_MESSAGES[404]


class Conflict(ApiError):
    status = 409
    message = "This is not possible in the current state."


class Invalid(ApiError):
    status = 422
    message = "The given data was invalid."

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(errors=errors)


class TooManyRequests(ApiError):
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many requests. Retry after {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )


class Unavailable(ApiError):
    status = 503

    def __init__(self, seconds: int = 1) -> None:
        super().__init__(
            f"Service unavailable. Retry after {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )


async def api_error(_request: Request, error: Exception) -> Response:
    """ApiError -> its answer."""
    assert isinstance(error, ApiError)  # noqa: S101 - it is registered for this class only
    content: dict[str, object] = {"message": error.message}
    if error.errors is not None:
        content["errors"] = error.errors
    return JSONResponse(content, error.status, headers=error.headers)


async def http_exception(_request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405 -> the same JSON as ours."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for this class only
    message = _HTTP_MESSAGES.get(error.status_code, "Request refused.")
    return JSONResponse({"message": message}, error.status_code, headers=error.headers)


async def server_error(_request: Request, _error: Exception) -> Response:
    """Anything unforeseen -> 500 without a word about what it was; uvicorn logs the traceback."""
    return JSONResponse({"message": ApiError.message}, 500, headers={"Cache-Control": "no-store"})
