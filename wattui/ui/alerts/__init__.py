# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts and planned ends in the window."""
