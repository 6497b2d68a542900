import inspect
import sys

import embed_app.core.update  # noqa: F401 - imports every feature, so every message is known
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from tests.core.every_message import EVERY, FIRST


def test_the_samples_leave_no_message_out() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("embed_app.core.")]
    found = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    kinds = {kind for kind in found if issubclass(kind, Message)}
    concrete = {kind for kind in kinds if not any(kind in other.__bases__ for other in kinds)}
    assert {type(sample(Phone())) for sample in (*EVERY.values(), *FIRST.values())} == concrete
