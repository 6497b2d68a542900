"""Runs commands against a database of their own."""

from click.testing import CliRunner, Result

from server.cli import main
from server.customers.accounts import Account, account_of_host
from server.customers.users import User, user_named
from server.storage.database import Database

DOMAIN = "phone.example.vn"
ACCOUNT = ["account", "add", DOMAIN, "--wss", "wss://pbx.example.vn:7443/ws"]
ACCOUNT += ["--origin", "https://crm.example.vn"]
PASSWORD = "a long password"


def run(url: str, arguments: list[str], stdin: str | None = None) -> Result:
    """One command; what it prints to both streams is in `output`."""
    return CliRunner().invoke(main, arguments, input=stdin, env={"ZORIO_DATABASE_URL": url})


def done(url: str, arguments: list[str], stdin: str | None = None) -> str:
    """What a command prints that must succeed."""
    result = run(url, arguments, stdin)
    assert result.exit_code == 0, result.output
    return result.output


def account_at(url: str, domain: str = DOMAIN) -> Account:
    """As the server finds it."""
    database = Database(url)
    try:
        return database.read_now(account_of_host, domain)
    finally:
        database.close()


def user_at(url: str, username: str = "an") -> User:
    """As the server finds it."""
    account = account_at(url)
    database = Database(url)
    try:
        found = database.read_now(user_named, account.id, username)
    finally:
        database.close()
    assert found is not None
    return found
