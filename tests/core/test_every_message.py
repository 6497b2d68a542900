from embed_app.core.phone import Phone
from tests.core.every_message import EVERY, FIRST, kinds_of_message


def test_the_samples_leave_no_message_out() -> None:
    assert {type(sample(Phone())) for sample in (*EVERY.values(), *FIRST.values())} == kinds_of_message()
