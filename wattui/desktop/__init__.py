# SPDX-License-Identifier: GPL-3.0-or-later
"""The system around the program: folders, files, menus and services."""
