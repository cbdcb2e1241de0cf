# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``wattui`` and its commands, one module per command.

Importing this loads neither Qt nor Traits nor Chaco, so that a computer without a
display can record; the window is imported when ``wattui gui`` opens it.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line, and exit with its status."""
    from wattui.desktop.standard_streams import open_closed_streams

    open_closed_streams()
    from wattui.cli.program import program

    program(obj={"log": True})


__all__ = ["main"]
