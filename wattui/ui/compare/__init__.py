# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of sessions laid over one another, and one field against another."""
