# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours, style sheet and text widths, light and dark."""
