# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens, imports and replays files, also those dropped onto the window."""
