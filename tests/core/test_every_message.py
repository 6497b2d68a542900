import inspect

from embed_app.core import line_messages, sound_messages
from embed_app.core import messages as msg
from embed_app.core.model import Phone
from tests.core.every_message import EVERY, FIRST


def test_the_samples_leave_no_message_out() -> None:
    found = inspect.getmembers(msg, inspect.isclass) + inspect.getmembers(line_messages, inspect.isclass)
    found += inspect.getmembers(sound_messages, inspect.isclass)
    kinds = [kind for _, kind in found if issubclass(kind, msg.Message)]
    concrete = {kind for kind in kinds if not any(kind in other.__bases__ for other in kinds)}
    assert {type(sample(Phone())) for sample in (*EVERY.values(), *FIRST.values())} == concrete
