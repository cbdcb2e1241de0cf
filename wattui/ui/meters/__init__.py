# SPDX-License-Identifier: GPL-3.0-or-later
"""Several meters in one window: the table, and actions on its rows."""
