# SPDX-License-Identifier: GPL-3.0-or-later
"""Display, and nothing else: views, editors and plots of the model."""
