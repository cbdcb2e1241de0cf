# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and ports as values of options and arguments, each with its use.

The type of a value says what is done with the file, so that one guard holds for every
command: see :func:`check_files`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import click
from click.shell_completion import CompletionItem

from wattui.desktop.atomic_file import STANDARD_OUTPUT
from wattui.errors import DiskRefused, WouldOverwrite

#: Schemes and folders of a port that is given in full.
_IN_FULL: Final = ("/", ".", "~")

#: Simulated meters that a shell offers as ports.
_SIMULATED: Final = ("pro", "es", "net")


def find_session(path: Path) -> Path:
    """Return the path of a session, which may be just a name from the list of sessions."""
    if path.exists() or path.name != str(path):
        return path
    from wattui.desktop.folders import sessions_folder

    for name in (path.name, f"{path.name}.wattui"):
        stored = sessions_folder() / name
        if stored.exists():
            return stored
    return path


class Use(StrEnum):
    """What a command does with a file."""

    READ = "read"
    #: Written as a whole; an older file is replaced.
    WRITE = "write"
    #: Written; it must not exist.
    CREATE = "create"
    #: Appended to.
    APPEND = "append"
    #: A session that is created, or continued by a command that can.
    COMPLETE = "complete"
    #: A symbolic link that is created; it replaces links only.
    LINK = "link"
    #: A folder of files, whose names are not taken yet.
    FOLDER = "folder"


class File(click.Path):
    """A file that a command uses."""

    def __init__(self, use: Use, suffixes: tuple[str, ...] = ()) -> None:
        super().__init__(path_type=Path, file_okay=use is not Use.FOLDER)
        self.use = use
        #: Endings that it may have; empty for any.
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path; ``-`` is standard output, or standard input."""
        if not value:
            raise click.BadParameter("The name of the file is missing.")
        if value == "-" and self.use is Use.WRITE:
            path = STANDARD_OUTPUT
        else:
            path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if self.suffixes and path.suffix.lower() not in self.suffixes:
            ends = " or ".join(filter(None, (", ".join(self.suffixes[:-1]), self.suffixes[-1])))
            raise click.BadParameter(f"{value!r} does not end in {ends}.")
        return path


class SessionFile(File):
    """A session, or another recording, to read: a path, or a name from `wattui sessions`."""

    def __init__(self, use: Use = Use.READ) -> None:
        super().__init__(use)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        return find_session(super().convert(value, param, ctx))


class PortName(click.types.StringParamType):
    """A port: a device, the name of one without its folder, or a URL."""

    name = "port"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> str:
        """Return the port; ``ttyUSB0`` is ``/dev/ttyUSB0``, unless a file here has that name."""
        text = str(value)
        if text.startswith("sim://"):
            _check_simulated(text)
        elif text.startswith("listen://"):
            _check_listening(text)
        if sys.platform == "win32" or "://" in text or text.startswith(_IN_FULL) or "/" in text:
            return text
        device = Path("/dev") / text
        # os.path answers for names that no file can have, too.
        named = text and not os.path.exists(text) and is_device(device)  # noqa: PTH110
        looks_like_one = text.startswith(("ttyUSB", "ttyACM", "ttyS", "cu.", "tty."))
        return str(device) if named or looks_like_one else text

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the ports of this machine, and the simulated meters."""
        from wattui.ports.listing import list_ports

        ports = [CompletionItem(port.url, help=port.label) for port in list_ports()]
        simulated = [CompletionItem(f"sim://{model}", help="simulated") for model in _SIMULATED]
        return [one for one in (*ports, *simulated) if one.value.startswith(incomplete)]


def is_device(path: Path | str) -> bool:
    """Check whether a path is that of a serial port, or a link to one."""
    try:
        return Path(path).is_char_device()
    except (OSError, ValueError):
        return False


def _check_simulated(url: str) -> None:
    from wattui.simulator.sim_url import parse_url

    try:
        parse_url(url)
    except ValueError as error:
        raise click.BadParameter(f"{error}. See `wattui simulate --help`.") from None


def _check_listening(url: str) -> None:
    from wattui.errors import PortUnknown
    from wattui.ports.listen_url import parse_listen_url

    try:
        parse_listen_url(url)
    except PortUnknown as error:
        raise click.BadParameter(str(error)) from None


def _file_of(port: str) -> list[Path]:
    """Return the file that a simulated meter replays, if any."""
    try:
        parts = urlsplit(port)
    except ValueError:
        return []
    if parts.scheme not in ("sim", "replay"):
        return []
    return [
        # A URL is UTF-8, whatever the names of files are here.
        Path(os.fsdecode(value.encode("utf-8", "surrogateescape")))
        for key, value in parse_qsl(parts.query, errors="surrogateescape")
        if key == "replay"
    ]


def files_of(command: click.Command, values: dict[str, Any]) -> Iterator[tuple[Use, Path]]:
    """Yield the files among the values of a command's parameters, each with its use."""
    for parameter in command.params:
        value = values.get(parameter.name or "")
        for one in value if isinstance(value, tuple | list) else (value,):
            if isinstance(parameter.type, PortName):
                yield from ((Use.READ, path) for path in _file_of(one or ""))
            elif isinstance(parameter.type, File) and one is not None:
                yield parameter.type.use, one


def _by_name(path: Path) -> Path:
    """Return a path without links in its folder; it may be a link itself."""
    return Path(os.path.realpath(path.parent)) / path.name


def check_files(command: click.Command, values: dict[str, Any]) -> None:
    """Check that a command reads what exists, and writes over nothing that must stay.

    Nothing is written over a file that is read, nor over a session without asking.

    Raises
    ------
    WouldOverwrite, DiskRefused
        It would; or a file does not exist, or cannot be written.
    """
    files = list(files_of(command, values))
    for use, path in files:
        if use is Use.READ and str(path) != "-" and not path.exists():
            raise DiskRefused(f"There is no file {path}", "Check its name and folder.")
        if use is Use.READ and path.is_dir():
            raise DiskRefused(f"{path.absolute()} is a folder", "Choose a file in it.")
    read = [path for use, path in files if use is Use.READ]
    written = [(use, path) for use, path in files if use not in (Use.READ, Use.FOLDER, Use.LINK)]
    links = [_by_name(path) for use, path in files if use is Use.LINK]
    taken = {_by_name(path) for use, path in files if use is not Use.LINK}
    twice = next((path for i, path in enumerate(links) if path in taken or path in links[:i]), None)
    if twice is not None:
        raise WouldOverwrite(f"{twice} is given twice", "Give another name for the link.")
    if not written:
        return
    from wattui.session.destination import check_destination, require_different

    for use, path in written:
        if use is Use.CREATE and os.path.lexists(path):
            raise DiskRefused(f"{path} already exists", "Choose another name for the new session.")
        # The command that continues a session checks whether it can be continued.
        force = use is Use.COMPLETE or (use is Use.WRITE and bool(values.get("force")))
        check_destination(path, read, force=force)
    require_different([path for _, path in written])


#: Consent to write over a session.
force_option: Final = click.option(
    "--force", is_flag=True, help="Write the file even if it replaces another session."
)
