# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for papers: a page of plots, as an image or a vector drawing."""
