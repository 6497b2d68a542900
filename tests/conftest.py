"""Hypothesis profiles. The suite runs `quick`, the same examples every time: no surprises in `make test`.

Search for new counterexamples with `pytest --hypothesis-profile=search tests/core tests/protocol`.
"""

from hypothesis import settings

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("search", deadline=None, max_examples=3000, print_blob=True)
settings.load_profile("quick")
