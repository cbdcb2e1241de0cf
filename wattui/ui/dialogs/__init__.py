# SPDX-License-Identifier: GPL-3.0-or-later
"""Small windows beside the main one."""
