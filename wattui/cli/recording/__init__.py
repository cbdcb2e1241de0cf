# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording without a window: what runs, and how it is shown."""
