# SPDX-License-Identifier: GPL-3.0-or-later
"""File formats, one a module: reader and writer together."""
