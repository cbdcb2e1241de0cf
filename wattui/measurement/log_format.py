# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a log, which cannot control the terminal on which they are read."""

from __future__ import annotations

import logging

from wattui.measurement.text import printable


class PrintableFormatter(logging.Formatter):
    """Formats records with escapes for characters that control a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return printable(super().format(record))
