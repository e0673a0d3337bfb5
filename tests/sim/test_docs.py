"""The page about the simulator tells of every scenario, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tiktok_webcast.sim import SCENARIOS

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_lists_all_scenarios_in_order() -> None:
    assert re.findall(r"^\| `(\w+)` \| .* \|$", PAGE.partition("## Scenarios")[2], re.MULTILINE) == list(SCENARIOS)


@pytest.mark.parametrize("example", EXAMPLES, ids=["on a port", "in memory"])
def test_the_examples_run(example: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(example, "simulator.md", "exec"), names)
    events = names.get("lines") or [event.to_dict() for event in names["events"]]
    assert events[-1]["event"] == "closed"
