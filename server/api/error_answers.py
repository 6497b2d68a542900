"""Errors as answers: JSON `{message}`, for a wrong body also `errors` (contract section 2)."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.errors import ApiError, Forbidden, Malformed, NotFound, Unauthenticated

_HTTP_MESSAGES = {
    405: "Method not allowed.",
    **{error.status: error.message for error in (Malformed, Unauthenticated, Forbidden, NotFound)},
}


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
