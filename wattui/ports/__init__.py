# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial ports by URL: opening, listing, and errors that say what to do."""
