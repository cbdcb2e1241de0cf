# SPDX-License-Identifier: GPL-3.0-or-later
"""The selection and the figures of a part of a run, of the view and of the whole run."""
