# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a log: they cannot control the terminal on which they are read, and keep passwords."""

from __future__ import annotations

import logging
import re
from typing import Final

from wattui.measurement.printable_text import printable

#: The lines of a file.
FILE_FORM: Final = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

#: What comes before a password in a URL, and the password.
_PASSWORD: Final = re.compile(r"(\w://[^/?#\s:@]*:)[^/?#\s@]+(?=@)")
_IN_QUERY: Final = re.compile(r"(?i)([?&](?:p|\w*password|\w*token|\w*secret)=)[^&#\s'\"]+")


def without_passwords(text: str) -> str:
    """Return the text with ``***`` instead of each password in a URL."""
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1***", text))


class PrintableFormatter(logging.Formatter):
    """Formats records with escapes for characters that control a terminal, without passwords."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return without_passwords(printable(super().format(record)))
