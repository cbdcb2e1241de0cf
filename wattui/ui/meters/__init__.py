# SPDX-License-Identifier: GPL-3.0-or-later
"""Several meters in one window: the table, and what can be done with its rows."""
