# SPDX-License-Identifier: GPL-3.0-or-later
"""Where pyserial looks for the handler of sim:// URLs."""
