# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of sessions: what they contain, and their HTML."""
