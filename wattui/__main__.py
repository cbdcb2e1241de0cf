# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m wattui`` is the same as ``wattui``."""

from wattui.cli import main

if __name__ == "__main__":
    main()
