# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's own memory and settings in the window.

``glance``
    The state of the memory at a glance: a bar, and what there is to know of it.
``draft``, ``panel``, ``panel_view``
    *Memory and settings*: what was typed, the model, the window.
``consent``
    The one dialog that may allow a memory to be erased.
``prepare``
    *Prepare for the field*.
``link``, ``deeds``
    Progress, notices; what the main window's menus and buttons do.
"""
