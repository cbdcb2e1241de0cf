# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the soak and print its figures: ``make soak``.

A week of simulated time at 1000 times the speed takes ten minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from soak_run import Soak, check_flat, run


def main() -> int:
    """Run it, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=float, default=7, help="of simulated time")
    parser.add_argument("--meters", type=int, default=12)
    parser.add_argument("--speed", type=float, default=1000, help="how many times faster")
    parser.add_argument("--figures", type=Path, help="write the figures to this file as JSON")
    given = parser.parse_args()
    soak = Soak(given.meters, given.days * 86_400, given.speed)
    with tempfile.TemporaryDirectory(prefix="wattui-soak-") as folder:
        figures = run(soak, Path(folder))
    text = json.dumps({"test": "soak", **figures}, indent=1)
    print(text)
    if given.figures is not None:
        given.figures.write_text(text + "\n")
    check_flat(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
