# SPDX-License-Identifier: GPL-3.0-or-later
"""Icons, desktop entry, udev rule: read through importlib.resources."""
