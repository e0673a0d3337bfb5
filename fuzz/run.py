"""Coverage-guided fuzzing of one target, or of all of them one after the other.

    python -m fuzz.run TARGET --seconds 600
    python -m fuzz.run all --seconds 60

Needs atheris. Findings are written to `fuzz/findings/`; each becomes a regression test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz import NAMES

FINDINGS = Path(__file__).parent / "findings"


def fuzz(target: str, seconds: int) -> None:
    """Fuzz one target in this process; atheris ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tiktok_webcast", "fuzz"]):
        from fuzz.seeds import write_seeds
        from fuzz.targets import TARGETS
    with tempfile.TemporaryDirectory() as corpus:
        write_seeds(target, Path(corpus))
        FINDINGS.mkdir(exist_ok=True)
        limits = [f"-max_total_time={seconds}", "-max_len=16384", "-print_final_stats=1"]
        options = [*limits, f"-artifact_prefix={FINDINGS}/{target}-", corpus]
        atheris.Setup([sys.argv[0], *options], TARGETS[target])
        atheris.Fuzz()


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=[*NAMES, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="seconds for each target (default 60)")
    chosen = parser.parse_args()
    if chosen.target != "all":
        fuzz(chosen.target, chosen.seconds)
        return 0
    failed = [
        target
        for target in NAMES
        if subprocess.run(
            [sys.executable, "-m", "fuzz.run", target, "--seconds", str(chosen.seconds)], check=False
        ).returncode
    ]
    if failed:
        sys.stderr.write(f"findings in: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
