"""What must go into a frozen program? PyInstaller asks here by itself, through the entry point `pyinstaller40`.

Much is imported when it is first needed, by a name that is put together, which no freezer sees: the classes of the
events, the schemas, the subcommands. So all modules of both packages go in (2 MB), but not what they need.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["LEFT_OUT", "hook_directories"]

LEFT_OUT = ("tiktok_webcast_transports.pytest_plugin",)
"""Modules that would take a whole test runner with them."""


def hook_directories() -> list[str]:
    """Return the folders with PyInstaller's hooks."""
    return [str(Path(__file__).parent)]
