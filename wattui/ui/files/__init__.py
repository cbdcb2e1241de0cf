# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are opened, dropped onto the window, imported or replayed."""
