# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``wattui`` and its commands, one module a command.

Importing this loads neither Qt nor Traits nor Chaco, so that a machine without a
screen records; the window is imported when ``wattui gui`` opens it.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line, and leave with its exit status."""
    from wattui.cli.program import program

    program()


__all__ = ["main"]
