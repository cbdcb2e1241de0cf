# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and spans in the window: their list, their names, their actions."""
