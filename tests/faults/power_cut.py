# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk whose power can be cut after any system call that a recorded program has made.

``strace`` lists what the real program wrote, synced, renamed and showed, in order.  A
:class:`Disk` repeats that list up to a point.  What was written since the last sync of a file may
be on disk after a power cut or not: all of it, the first part of it, or any sectors of any of the
writes, in any order; so may the names of files since the last sync of their folder.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACED = "openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink"

#: The command that traces a program into a file, which is its last argument.
STRACE = ("strace", "-f", "-y", "-xx", "-s", "1000000", f"--trace={TRACED}", "--seccomp-bpf", "-o")

SECTOR = 512

_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
_UNFINISHED = " <unfinished ...>"
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")


@dataclass(frozen=True)
class Call:
    """One system call that succeeded."""

    name: str
    #: The file that it was about; the old name of one that was renamed.
    path: str
    #: What was written, or the new name.
    data: bytes = b""
    #: Where it was written, or the new length.
    place: int = 0


def calls_of(trace: Path) -> Iterator[Call]:
    """Yield the calls of a trace.

    A write counts from its beginning, a sync from its end, as does everything else.
    """
    begun: dict[str, str] = {}
    with trace.open(encoding="ascii") as lines:
        for raw in lines:
            line = raw.rstrip("\n")
            if (resumed := _RESUMED.match(line)) is not None:
                process, name, rest = resumed.groups()
                if name not in ("write", "pwrite64"):
                    yield from _call(name, begun.pop(process, "") + rest)
                continue
            found = _CALL.match(line)
            if found is None:
                continue
            process, name, rest = found.groups()
            if not rest.endswith(_UNFINISHED):
                yield from _call(name, rest)
            elif name in ("write", "pwrite64"):
                yield from _call(name, rest.removesuffix(_UNFINISHED) + ") = 1")
            else:
                begun[process] = rest.removesuffix(_UNFINISHED)


def _call(name: str, rest: str) -> Iterator[Call]:
    arguments, _equals, result = rest.rpartition(" = ")
    if result.startswith("-1") or not arguments:
        return
    strings = [bytes.fromhex(one.replace("\\x", "")) for one in _STRING.findall(arguments)]
    found = _DESCRIPTOR.match(arguments)
    path = _plain(found[2]) if found else ""
    numbers = [int(one) for one in re.findall(r", (\d+)(?=[,)])", arguments)]
    match name:
        case "openat":
            if "O_CREAT" in arguments:
                yield Call("create", strings[0].decode(), place="O_TRUNC" in arguments)
        case "write":
            yield Call("output" if found and found[1] == "1" else name, path, strings[0])
        case "pwrite64":
            yield Call(name, path, strings[0], numbers[-1])
        case "ftruncate":
            yield Call(name, path, place=numbers[-1])
        case "fsync" | "fdatasync":
            yield Call("sync", path)
        case "rename":
            yield Call(name, strings[0].decode(), strings[1])
        case "unlink":
            yield Call(name, strings[0].decode())


def _plain(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)


@dataclass
class _File:
    """The content of a file at its last sync, and what was done to it since."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[Call] = field(default_factory=list)

    def content(self) -> bytearray:
        made = bytearray(self.synced)
        for call in self.since:
            _apply(made, call)
        return made

    def after_a_cut(self, chance: random.Random) -> bytearray:
        """Return what may be on disk."""
        made = bytearray(self.synced)
        match chance.randrange(4):
            case 0:
                pass
            case 1:
                made = self.content()
            case 2:
                count = chance.randrange(len(self.since) + 1)
                for call in self.since[:count]:
                    _apply(made, call)
                if count < len(self.since):
                    _tear(made, self.since[count], chance, 0.5)
            case _:
                share = chance.random()
                for call in chance.sample(self.since, len(self.since)):
                    _tear(made, call, chance, share)
        return made


def _apply(content: bytearray, call: Call) -> None:
    if call.name == "ftruncate":
        del content[call.place :]
        content.extend(bytes(call.place - len(content)))
    else:
        content.extend(bytes(max(0, call.place - len(content))))
        content[call.place : call.place + len(call.data)] = call.data


def _tear(content: bytearray, call: Call, chance: random.Random, share: float) -> None:
    """Do a part of a call: some of the sectors that it wrote."""
    if call.name == "ftruncate":
        if chance.random() < share:
            _apply(content, call)
        return
    place, end = call.place, call.place + len(call.data)
    while place < end:
        stop = min(end, (place // SECTOR + 1) * SECTOR)
        if chance.random() < share:
            data = call.data[place - call.place : stop - call.place]
            _apply(content, Call(call.name, call.path, data, place))
        place = stop


class Disk:
    """The files of a folder, as calls change them."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._files: dict[str, _File] = {}
        self._synced: dict[str, _File] = {}
        # The names after each change since the last sync of the folder.
        self._since: list[dict[str, _File]] = []
        self._output = b""
        #: The numbers of the samples that were shown.
        self.shown: list[int] = []

    def apply(self, call: Call) -> bool:
        """Repeat a call; return whether it changed anything on this disk."""
        if call.name == "output":
            *lines, self._output = (self._output + call.data).split(b"\n")
            self.shown += [round(10 * json.loads(line)["energy_wh"]) for line in lines]
            return False
        if call.path == self._folder and call.name == "sync":
            self._synced, self._since = dict(self._files), []
            return True
        if not call.path.startswith(f"{self._folder}/") or call.path.endswith((".lock", "-shm")):
            return False
        if call.name in ("create", "rename", "unlink"):
            return self._change_names(call)
        file = self._files.get(call.path.removesuffix(" (deleted)"))
        if file is None:
            return False
        if call.name == "sync":
            file.synced, file.since = file.content(), []
        elif call.name == "write":
            raise ValueError(f"{call.path} is written without a place")
        else:
            file.since.append(call)
        return True

    def _change_names(self, call: Call) -> bool:
        if call.name == "create":
            if call.path in self._files:
                return False
            self._files[call.path] = _File()
        elif call.name == "unlink":
            del self._files[call.path]
        else:
            self._files[call.data.decode()] = self._files.pop(call.path)
        self._since.append(dict(self._files))
        return True

    def cut(self, folder: Path, chance: random.Random | None = None) -> None:
        """Write what may be on disk after a power cut into a folder; without chance, everything."""
        names = self._files if chance is None else chance.choice([self._synced, *self._since])
        for name, file in names.items():
            content = file.content() if chance is None else file.after_a_cut(chance)
            (folder / Path(name).name).write_bytes(content)
