"""Whose embed token it is: what every call of the frame begins with."""

from sqlalchemy import Connection
from starlette.requests import Request

from server.api.authorization import credentials_of, limit_key
from server.api.rate_limits import WEBPHONE
from server.api.services import services_of
from server.customers.accounts import Account, account_of_host
from server.customers.claims import living_user
from server.customers.tokens import BadToken, EmbedToken, ExpiredToken
from server.customers.users import User
from server.errors import NotFound, Unauthenticated, WrongCredentials


def checked_token(request: Request) -> EmbedToken:
    """The embed token of the request, which is counted. Raises TooManyRequests and Unauthenticated."""
    services = services_of(request)
    services.limits.count(request, WEBPHONE, limit_key(request))
    try:
        return services.tokens.check(credentials_of(request))
    except ExpiredToken as error:
        raise Unauthenticated from error
    except BadToken as error:
        raise WrongCredentials from error


def phone_user(connection: Connection, host: str, token: EmbedToken) -> tuple[Account, User]:
    """Raises NotFound for another customer's token, and what `living_user` raises."""
    account = account_of_host(connection, host)
    if (token.customer_id, token.customer_domain) != (account.public_id, account.domain):
        raise NotFound
    return account, living_user(connection, account, token.claims)
