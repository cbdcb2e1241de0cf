# SPDX-License-Identifier: GPL-3.0-or-later
"""What several windows are built from: actions, notices, the status bar, number texts."""
