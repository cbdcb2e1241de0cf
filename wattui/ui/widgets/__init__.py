# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of several windows: actions, notices, the port chooser, the status bar."""
