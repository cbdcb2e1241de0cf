# SPDX-License-Identifier: GPL-3.0-or-later
"""The energy of commands: run them beside a meter, repeat, and state what the number is worth."""
