"""The public surface is honest: every name in `__all__` is there, typed where it says, and documented."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys

import pytest

import tiktok_webcast
import tiktok_webcast_transports


@pytest.mark.parametrize("package", [tiktok_webcast, tiktok_webcast_transports], ids=lambda package: package.__name__)
def test_all_is_complete_sorted_and_importable(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(package, name) is not None
    assert set(names) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        package.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_the_lazy_table_names_what_all_names() -> None:
    assert set(tiktok_webcast._PLACE_OF) == set(tiktok_webcast.__all__) - {"__version__", "events"}
    for name, module in tiktok_webcast._PLACE_OF.items():
        assert hasattr(importlib.import_module(f"tiktok_webcast.{module}"), name)


@pytest.mark.parametrize("package", [tiktok_webcast, tiktok_webcast_transports], ids=lambda package: package.__name__)
def test_no_module_takes_the_name_of_a_public_function_or_class(package: object) -> None:
    # Importing a module sets its name on the package, in place of what the package would have given.
    modules = {info.name for info in pkgutil.iter_modules(package.__path__)}  # type: ignore[attr-defined]
    assert not {name for name in modules & set(package.__all__) if not inspect.ismodule(getattr(package, name))}  # type: ignore[attr-defined]


def public_objects() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for package in (tiktok_webcast, tiktok_webcast_transports):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            parts = info.name.split(".")
            if any(part.startswith("_") for part in parts) or "testing" in parts:
                continue
            module = importlib.import_module(info.name)
            found.append((info.name, module))
            for name, value in vars(module).items():
                own = getattr(value, "__module__", None) == info.name
                if own and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)):
                    found.append((f"{info.name}.{name}", value))
    return found


def test_everything_public_has_a_docstring() -> None:
    missing: list[str] = []
    for name, value in public_objects():
        if not inspect.getdoc(value):
            missing.append(name)
        if inspect.isclass(value):
            for member, thing in vars(value).items():
                plain = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
                if not member.startswith("_") and inspect.isfunction(plain) and not inspect.getdoc(plain):
                    missing.append(f"{name}.{member}")
    assert missing == []


def test_events_are_loaded_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a process that imported nothing but the package.
    monkeypatch.delattr(tiktok_webcast, "events", raising=False)
    assert tiktok_webcast.events is sys.modules["tiktok_webcast.events"]
