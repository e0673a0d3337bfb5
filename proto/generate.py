"""Write everything that follows from the `.proto` files: `_pb`, `schema` and `events/generated`.

    python proto/generate.py            writes
    python proto/generate.py --check    writes nothing; exits 1 and says what differs when the committed output is old

Needs grpcio-tools, at the version that the `dev` extra pins: another protoc may write other bytes.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from messages import Catalogue
from modules import pb_modules
from views import event_modules, schema_modules

PROTO = Path(__file__).parent
CORE = PROTO.parent / "src" / "tiktok_webcast"
WRITTEN_BY_HAND = {Path("_pb/__init__.py"), Path("_pb/_pool.py"), Path("_pb/_repair.py"), Path("schema/__init__.py")}
FOLDERS = ("_pb", "schema", "events/generated")


def compile_protos() -> tuple[FileDescriptorSet, dict[str, str]]:
    """Run protoc; return the descriptors with their comments, and protoc's own stubs by file name."""
    sources = sorted(path.name for path in PROTO.glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder) / "all.binpb"
        code = protoc.main(
            [
                "protoc",
                f"-I{PROTO}",
                "--include_imports",
                "--include_source_info",
                f"--descriptor_set_out={descriptors}",
                f"--pyi_out={folder}",
                *sources,
            ]
        )
        if code:
            raise SystemExit(code)
        stubs = {path.name: path.read_text() for path in Path(folder).glob("*.pyi")}
        return FileDescriptorSet.FromString(descriptors.read_bytes()), stubs


def generate() -> dict[Path, str]:
    """Return the text of every generated file, by its path below the core package."""
    descriptors, stubs = compile_protos()
    catalogue = Catalogue(descriptors, PROTO, CORE / "schema" / "__init__.py")
    return {**pb_modules(catalogue, stubs), **schema_modules(catalogue), **event_modules(catalogue)}


def committed() -> dict[Path, str]:
    """Return the text of every generated file that is there now."""
    found = (path for folder in FOLDERS for path in (CORE / folder).glob("*.py*") if path.suffix in {".py", ".pyi"})
    texts = {path.relative_to(CORE): path.read_text() for path in found}
    return {path: text for path, text in texts.items() if path not in WRITTEN_BY_HAND}


def differences(old: dict[Path, str], new: dict[Path, str]) -> list[str]:
    """Return a line for every file that is missing, left over or different."""
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if before is None or after is None:
            lines.append(f"{path}: {'missing' if before is None else 'left over'}")
            continue
        changes = [
            line
            for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
            if not line.startswith(("---", "+++", "@@"))
        ]
        lines.append(f"{path}: {len(changes)} lines differ, first: {changes[0][:100] if changes else 'line ends'}")
    return lines


def main() -> int:
    """Write or check; return the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing, exit 1 when the output is out of step")
    check = arguments.parse_args().check
    old, new = committed(), generate()
    changes = differences(old, new)
    if check:
        print("\n".join(changes) or "generated code is in step")
        return 1 if changes else 0
    for path in old.keys() - new.keys():
        (CORE / path).unlink()
    for path, text in new.items():
        (CORE / path).parent.mkdir(parents=True, exist_ok=True)
        (CORE / path).write_text(text)
    print(f"{len(new)} files, {len(changes)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
