# SPDX-License-Identifier: GPL-3.0-or-later
"""Live power, current and voltage from Watts up? power meters, with no sample lost."""

__version__ = "0.1.0"
