"""How often an embed token was used. A CRM that mounts the frame again loads the same address again."""

from sqlalchemy import Connection, delete, update

from server.customers.tokens import LEEWAY, EmbedToken
from server.errors import Unauthenticated
from server.storage.database import try_insert
from server.storage.tables import token_uses


def count_use(connection: Connection, token: EmbedToken, most_uses: int, now: int) -> None:
    """One more use. Raises Unauthenticated beyond `most_uses`. `now` in epoch seconds."""
    connection.execute(delete(token_uses).where(token_uses.c.expires_at < now))
    first = {"jti": token.token_id, "uses": 1, "expires_at": token.expires_at + LEEWAY}
    if not try_insert(connection, token_uses, first):
        again = update(token_uses).where(token_uses.c.jti == token.token_id, token_uses.c.uses < most_uses)
        if not connection.execute(again.values(uses=token_uses.c.uses + 1)).rowcount:
            raise Unauthenticated
