# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the window: meters, their memory and the session, as traits."""
