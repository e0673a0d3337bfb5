"""What all tests share."""

from __future__ import annotations

import profiles
import pytest

profiles.register()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "stateful: a hypothesis machine; thousands of examples, see profiles.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Thousands of examples take as long as the machine is slow: a busy one must not fail them."""
    seconds = 0 if profiles.PROFILE == "long" else 1800  # 0: no end; a marker weighs more than `--timeout 0`.
    for item in items:
        if item.get_closest_marker("stateful") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))
