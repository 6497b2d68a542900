"""What can be wrong with a request, with the HTTP status and message it is answered by (contract section 2).

Storage and customers raise these too, so they know no web framework; api/error_answers.py makes the answers.

ApiError
├── Malformed          400  the body is no JSON object
├── Unauthenticated    401  no bearer or token, or a bad one
│   ├── WrongCredentials    one that was never ours
│   └── Revoked             a good one that its login, its user or the operator has ended
├── Forbidden          403  known, but not allowed
├── NotFound           404  also for another customer's things: existence is never told
│   └── WrongTicket         one that was never this customer's
├── Conflict           409  the account or user is not set up for this
├── Invalid            422  a field is wrong; `errors` says which
├── TooManyRequests    429  with Retry-After
└── Unavailable        503  the database is locked or away; with Retry-After
"""

from collections.abc import Mapping

REVOKED = "revoked"
"""The `error_description` of a 401 in `WWW-Authenticate`."""


class ApiError(Exception):
    """One error answer: status, message, headers, and for 422 the wrong fields."""

    status = 500
    message = "Server error."
    guess = False
    """Whether it may be somebody who tries what opens: counted per address (api/error_answers.py)."""

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
    """400: the body is no JSON object."""

    status = 400
    message = "Malformed request body"


class Unauthenticated(ApiError):
    """RFC 9110 section 15.5.2 wants `WWW-Authenticate` in a 401; browsers do not prompt for Bearer."""

    status = 401
    message = "Unauthenticated."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class WrongCredentials(Unauthenticated):
    """401 for a bearer, token or secret that was never ours: one that ran out or was revoked is no guess."""

    guess = True


class Revoked(Unauthenticated):
    """401 for what was once good. RFC 6750 section 3.1 has `invalid_token` for it; by the description a phone
    tells it from a ticket that only ran out."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{REVOKED}"'


class Forbidden(ApiError):
    """403: known, but not allowed."""

    status = 403
    message = "This action is unauthorized."


class NotFound(ApiError):
    """404: not there, or of another customer. Which of the two is never told."""

    status = 404
    message = "Resource not found"


class WrongTicket(NotFound):
    """404 for a ticket that was never this customer's."""

    guess = True


class Conflict(ApiError):
    """409: the account or the user is not set up for this."""

    status = 409
    message = "This is not possible in the current state."


class Invalid(ApiError):
    """422: `errors` has a list of sentences for each wrong field."""

    status = 422
    message = "The given data was invalid."

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(errors=errors)


class TooManyRequests(ApiError):
    """429 with Retry-After, in seconds (RFC 6585 section 4)."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many requests. Retry after {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )


class Unavailable(ApiError):
    """503 with Retry-After, in seconds (RFC 9110 section 15.6.4)."""

    status = 503

    def __init__(self, seconds: int = 1) -> None:
        super().__init__(
            f"Service unavailable. Retry after {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )
