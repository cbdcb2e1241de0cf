# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for paper: a page of plots, as an image or as a drawing of lines and letters."""
