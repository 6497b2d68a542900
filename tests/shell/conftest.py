"""A phone between fakes of its ports."""

from __future__ import annotations

import pytest

from tests.fakes import World


@pytest.fixture
def world() -> World:
    return World()
