"""Which command ids have been answered, and which are with the owner."""

from __future__ import annotations

from embed_app.shell.answers import ANSWERS_KEPT, Answers


def test_the_answers_of_the_newest_commands_are_kept() -> None:
    answers = Answers()
    for number in range(ANSWERS_KEPT + 2):
        answers.keep(f"id-{number}", {"number": number})
    assert answers.given("id-1") is None
    assert answers.given("id-2") == {"number": 2}
    assert answers.given(f"id-{ANSWERS_KEPT + 1}") == {"number": ANSWERS_KEPT + 1}


def test_a_command_that_comes_again_while_it_is_with_the_owner_is_due_once_more() -> None:
    answers = Answers()
    assert not answers.came_again("a")
    answers.await_owner("a")
    assert answers.came_again("a")
    assert answers.came_again("a")
    assert answers.given("a") is None
    assert answers.owner_answered("a") == 2
    assert not answers.came_again("a"), "it is with the owner no longer"
    assert answers.owner_answered("b") == 0
