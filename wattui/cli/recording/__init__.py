# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording without a window, and views of the recording."""
