"""What all tests share."""

from __future__ import annotations

import profiles
import pytest

profiles.register()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "stateful: a hypothesis machine; thousands of examples, see profiles.py")
