# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots of the window: what :class:`~wattui.ui.plots.plot_stack.PlotStack` is made of."""
