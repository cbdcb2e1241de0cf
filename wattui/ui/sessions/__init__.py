# SPDX-License-Identifier: GPL-3.0-or-later
"""The window that lists what was recorded."""
