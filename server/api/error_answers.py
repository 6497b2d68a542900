"""Errors as answers: JSON `{message}`, for a wrong body also `errors` (contract section 2)."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.rate_limits import GUESSES, address_of
from server.api.services import services_of
from server.errors import ApiError, Forbidden, Malformed, NotFound, TooManyRequests, Unauthenticated

_HTTP_MESSAGES = {
    405: "Method not allowed.",
    **{error.status: error.message for error in (Malformed, Unauthenticated, Forbidden, NotFound)},
}


async def api_error(request: Request, error: Exception) -> Response:
    """ApiError -> its answer; after too many guesses from one address, 429."""
    assert isinstance(error, ApiError)  # noqa: S101 - it is registered for this class only
    if error.guess:
        wait = services_of(request).limits.take(GUESSES, address_of(request)).retry_after
        error = TooManyRequests(wait) if wait else error
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
