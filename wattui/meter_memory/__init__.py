# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's own memory and settings: read, write and save them."""
