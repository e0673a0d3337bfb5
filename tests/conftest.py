"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Generator
from typing import Any

import planted
import profiles
import pytest

profiles.register()


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what it puts in the background deaf to Ctrl-C, and so would be what is tested.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "stateful: a hypothesis machine; thousands of examples, see profiles.py")
    planted.watch()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Thousands of examples take as long as the machine is slow: a busy one must not fail them."""
    seconds = 0 if profiles.PROFILE == "long" else 1800  # 0: no end; a marker weighs more than `--timeout 0`.
    for item in items:
        if item.get_closest_marker("stateful") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """Fail a test in which a planted secret was shown anywhere."""
    report: pytest.TestReport = yield
    if report.passed:
        for title, content in report.sections:
            planted.search(title, content)
        if planted.found:
            report.outcome = "failed"
            report.longrepr = "A secret was shown:\n" + "\n".join(planted.found[:5])
    planted.found.clear()
    return report
