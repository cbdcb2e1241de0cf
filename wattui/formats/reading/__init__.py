# SPDX-License-Identifier: GPL-3.0-or-later
"""What the readers of all formats share: blocks of lines in, blocks of records out."""
