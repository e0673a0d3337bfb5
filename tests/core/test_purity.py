"""Rule 1, the second proof: the whole core imports and runs where I/O, threads, clocks and chance are taken away.

The first proof is the import contract in pyproject.toml (`lint-imports`). Both are shown to fail when a
`import socket` is planted.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
DRIVE = Path(__file__).with_name("drive_core.py")
CONTRACT = Path(__file__).parents[2] / "pyproject.toml"


def drive(source: Path) -> subprocess.CompletedProcess[str]:
    """Run the whole core in an interpreter where impure modules are blocked."""
    return subprocess.run(
        [sys.executable, str(DRIVE), str(source)], capture_output=True, text=True, timeout=60, check=False
    )


def plant(tmp_path: Path, line: str) -> Path:
    """Copy the sources and plant an import in the middle of the core."""
    copy = tmp_path / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    target = copy / "tiktok_webcast" / "track" / "seen.py"
    text = target.read_text()
    target.write_text(text.replace("import annotations\n", f"import annotations\n{line}\n"))
    assert line in target.read_text()
    return copy


def test_the_core_runs_without_io() -> None:
    done = drive(SOURCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pure: ")
    assert int(done.stdout.split()[1]) > 5, "the drive must have seen events"


@pytest.mark.parametrize("line", ["import socket", "import threading", "from urllib import request", "import asyncio"])
def test_a_planted_import_is_caught(tmp_path: Path, line: str) -> None:
    done = drive(plant(tmp_path, line))
    assert done.returncode != 0
    assert "the core may not import" in done.stderr


def test_a_planted_clock_is_caught(tmp_path: Path) -> None:
    done = drive(plant(tmp_path, "import time; time.monotonic()"))
    assert done.returncode != 0
    assert "the core may not call time.monotonic" in done.stderr


def test_the_import_contract_catches_a_planted_import(tmp_path: Path) -> None:
    pytest.importorskip("importlinter", reason="import-linter is a development dependency")
    copy = plant(tmp_path, "import socket")
    shutil.copy(CONTRACT, tmp_path / "pyproject.toml")
    code = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode != 0
    assert "tiktok_webcast.track.seen -> socket" in done.stdout, done.stdout + done.stderr
    assert copy.exists()
