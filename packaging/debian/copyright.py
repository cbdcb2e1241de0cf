# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the copyright file of the Debian package: the licences of all that is in the bundle."""

import email.message
from importlib import metadata

#: Tools that are in the environment and not in the bundle.
_TOOLS = {"pip", "setuptools", "altgraph", "pyinstaller-hooks-contrib"}

_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Comment: wattui with its own Python and libraries. The licence texts of the Python
 packages are in /usr/lib/wattui/_internal/*.dist-info. The other libraries are
 copies of those of the Debian packages with their names.

Files: *
Copyright: 2026 The wattui developers
License: GPL-3+

Files: usr/share/metainfo/*
Copyright: 2026 The wattui developers
License: CC0-1.0

Files: usr/lib/wattui/_internal/*
Copyright: the authors of the packages below
License: various
"""

_TAIL = """
License: GPL-3+
 On Debian systems, the text of this licence is in
 /usr/share/common-licenses/GPL-3.

License: CC0-1.0
 On Debian systems, the text of this licence is in
 /usr/share/common-licenses/CC0-1.0.
"""


def licence(of: email.message.Message) -> str:
    """Return the licence that a package names, in a few words."""
    named = [one for one in of.get_all("Classifier", []) if one.startswith("License ::")]
    classified = ", ".join(one.rpartition(" :: ")[2] for one in named)
    return of.get("License-Expression") or classified or of.get("License") or "see its dist-info"


def main() -> None:
    """Print the file."""
    lines = [
        " Python: PSF-2.0",
        " PyInstaller's loader: GPL-2.0-or-later, with an exception for programs",
    ]
    for one in sorted(metadata.distributions(), key=lambda one: one.name.lower()):
        if one.name.lower() not in _TOOLS | {"wattui", "pyinstaller"}:
            lines.append(f" {one.name} {one.version}: {licence(one.metadata)}")
    listed = "\n".join(lines)
    print(f"{_HEAD}Comment:\n{listed}\n\nLicense: various\n as listed above\n{_TAIL}")


main()
