# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the bundle: the window if its file is named wattui-gui, else the command line."""

import sys
from pathlib import Path

if Path(sys.executable).stem == "wattui-gui":
    from wattui.ui.app import main
else:
    from wattui.cli import main

sys.exit(main())
