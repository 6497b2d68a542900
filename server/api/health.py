"""GET /healthz: whether this process and its database answer."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.services import services_of
from server.customers.accounts import count_accounts


async def health(request: Request) -> Response:
    """200 when the database answers, else 503: for a supervisor, on any host name."""
    await services_of(request).database.read(count_accounts)
    return JSONResponse({"status": "ok"})
