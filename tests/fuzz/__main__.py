# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz everything that reads what others wrote: ``make fuzz``.

Each target runs for some seconds under atheris, guided by coverage, from the small files in
``corpus/``.  Then ten million mutated bytes go through the framer, and as many through the
readers.  What fails is saved below ``.pytest_cache/fuzz``: put it into ``corpus/`` under a name
that says what failed, and mend the reader.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
FOUND = Path(".pytest_cache/fuzz")

#: Seconds after which one input counts as a hang, and memory that none may need, in MiB.
_HANG, _MEMORY = 20, 2048

_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+).*rss: (\d+)Mb")


def fuzz_one(name: str, seconds: int) -> None:
    """Fuzz a target in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["wattui"]):
        from fuzz_targets import all_targets

    target = all_targets()[name]
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    folders = [found, FOLDER / "corpus" / name]
    if name == "import":
        folders += sorted((FOLDER / "corpus").glob("reader-*"))
    options = [
        f"-max_total_time={seconds}", f"-timeout={_HANG}", f"-rss_limit_mb={_MEMORY}",
        "-max_len=4096", "-print_final_stats=0", f"-artifact_prefix={found}/", "-verbosity=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, *map(str, folders)], target)
    atheris.Fuzz()


def fuzz_apart(name: str, seconds: int) -> dict[str, object]:
    """Fuzz a target in another process, and return the figures."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(FOLDER), "--one", name, "--seconds", str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    spent = round(time.monotonic() - start, 1)
    found = _DONE.search(done.stdout)
    if done.returncode or found is None:
        print(done.stdout[-4000:])
        return {"crashed": True, "seconds": spent}
    runs, coverage, memory = map(int, found.groups())
    return {"runs": runs, "coverage": coverage, "memory in MiB": memory, "seconds": spent}


def main() -> int:
    """Fuzz, print the figures, and return whether something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all of them")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--bytes", type=int, default=10_000_000, help="for each of the last two")
    parser.add_argument("--figures", type=Path, help="write the figures to this file as JSON")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ.setdefault("WATTUI_DATA", str(FOUND / "data"))
    if given.one:
        fuzz_one(given.one, given.seconds)
        return 0
    from fuzz_targets import all_targets
    from hostile_bytes import run

    figures: dict[str, object] = {}
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris is not installed, so nothing is guided by coverage: pip install wattui[fuzz]"
        )
    else:
        for name in given.targets or all_targets():
            print(name, flush=True)
            figures[name] = fuzz_apart(name, given.seconds)
            print(f"  {figures[name]}", flush=True)
    if given.bytes:
        figures |= {f"hostile bytes, {name}": one for name, one in run(given.bytes).items()}
    text = json.dumps(figures, indent=1)
    print(text)
    if given.figures is not None:
        given.figures.write_text(text + "\n")
    return int(any(one.get("crashed") or one.get("exceptions") for one in figures.values()))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
