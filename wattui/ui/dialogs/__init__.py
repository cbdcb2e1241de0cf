# SPDX-License-Identifier: GPL-3.0-or-later
"""Small windows in addition to the main window."""
