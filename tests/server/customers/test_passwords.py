"""Login passwords: how many are checked at once, and what a broken hash is."""

import threading

import anyio
import pytest

from server.customers import passwords
from server.customers.passwords import PasswordChecker
from server.errors import Unavailable


def test_two_passwords_at_once_and_a_queue_with_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=10)

    def slow(_hash: str, _password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()  # passes only when two are in here together
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(passwords, "_matches", slow)
    monkeypatch.setattr(passwords, "LONGEST_QUEUE", 6)
    refused: list[Unavailable] = []
    right: list[bool] = []

    async def check(checker: PasswordChecker) -> None:
        try:
            right.append(await checker.check("hash", "x"))
        except Unavailable as error:
            refused.append(error)

    async def flood() -> None:
        checker = PasswordChecker()
        async with anyio.create_task_group() as group:
            for _ in range(9):
                group.start_soon(check, checker)

    anyio.run(flood)
    assert most == passwords.AT_ONCE
    assert (right, len(refused)) == ([True] * 6, 3)
    assert refused[0].headers["Retry-After"] == "2"


@pytest.mark.parametrize("password_hash", ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$BBBB"])
def test_a_broken_hash_is_a_wrong_password(password_hash: str) -> None:
    async def check() -> bool:
        return await PasswordChecker().check(password_hash, "x")

    assert anyio.run(check) is False
