# SPDX-License-Identifier: GPL-3.0-or-later
"""How `make docs` turns the guide into a site."""

from __future__ import annotations

import os
from typing import Any

from pygments.lexers.special import TextLexer

import wattui

# Importing the window's packages must not look for a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")

project = "wattui"
author = "The wattui developers"
project_copyright = author
release = wattui.__version__
html_title = f"wattui {release}"

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_click",
]
# The pages of the guide are shown by the program, too; the site adds the references.
root_doc = "site/index"
exclude_patterns = ["images/*.py", "notebooks"]

myst_heading_anchors = 3
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_favicon = "../../resources/icons/wattui-32.png"
linkcheck_ignore = [r"http://HOST"]  # of an example
man_pages = [("site/commands", "wattui", "record Watts up? power meters", author, 1)]
# Two hyphens are an option, not a dash.
smartquotes = False


def add_examples(_app: Any, context: Any, lines: list[str]) -> None:
    """Show the examples of a command, which its help shows as well."""
    examples = getattr(context.command, "examples", ())
    if examples:
        lines += ["", ".. code-block:: console", ""]
    for line, words in examples:
        lines += [f"   $ {line}", f"   # {words}"]


def setup(app: Any) -> None:
    """Connect what the extensions leave open."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("sphinx-click-process-epilog", add_examples)
