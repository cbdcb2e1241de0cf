# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds which process has a port open, if the system shows it (Linux's ``/proc``).

Nothing here opens the port: opening can reset the device on it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port open."""

    pid: int
    #: The program's name; empty if the system does not show it.
    program: str = ""

    @property
    def is_this_process(self) -> bool:
        """Whether it is this program itself."""
        return self.pid == os.getpid()

    def __str__(self) -> str:
        if self.is_this_process:
            return "this program"
        return f"{self.program} (process {self.pid})" if self.program else f"process {self.pid}"


def find_holder(path: str) -> Holder | None:
    """Return the process that has the device at *path* open; None if none is known."""
    return find_holders([path]).get(path)


def find_holders(paths: Iterable[str]) -> dict[str, Holder]:
    """Return the process that has each device open, by path, where one is known.

    Another process is preferred to this one.  Never raises.
    """
    wanted: dict[int, str] = {}
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError:
            continue
        if stat.S_ISCHR(status.st_mode) and _is_terminal(status.st_rdev):
            wanted[status.st_rdev] = path
    if not wanted:
        return {}
    found: dict[str, Holder] = _by_lock(wanted)
    own = os.getpid()
    for process in _processes():
        if len(found) == len(wanted) and all(one.pid != own for one in found.values()):
            break
        for device in _open_devices(process).intersection(wanted):
            known = found.get(wanted[device])
            if known is None or known.pid == own:
                found[wanted[device]] = Holder(process, _program(process))
    return found


def _is_terminal(device: int) -> bool:
    """Check whether it is a serial port or a pty, unlike ``/dev/null``, which all have open."""
    subsystem = Path(f"/sys/dev/char/{os.major(device)}:{os.minor(device)}/subsystem")
    try:
        return subsystem.readlink().name == "tty"
    except OSError:
        # Ptys are not listed there, and some containers have no /sys. Major 1 is memory:
        # /dev/null and the like.
        return os.major(device) != 1


def _by_lock(wanted: dict[int, str]) -> dict[str, Holder]:
    """Return holders by their advisory locks, which are visible for other users' processes too."""
    inodes: dict[int, str] = {}
    for device in wanted.values():
        try:
            inodes[Path(device).stat().st_ino] = device
        except OSError:
            continue
    found: dict[str, Holder] = {}
    try:
        lines = (_PROC / "locks").read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        # "3: FLOCK  ADVISORY  WRITE 4711 00:18:5 0 EOF"; "->" marks a process that waits.
        words = line.split()
        if len(words) < 6 or words[1] != "FLOCK" or not words[4].isdigit():
            continue
        inode = words[5].rpartition(":")[2]
        path = inodes.get(int(inode)) if inode.isdigit() else None
        pid = int(words[4])
        # The same inode may exist in another file system, so check the process as well.
        if path is not None and pid > 0 and _may_hold(pid, Path(path)):
            found[path] = Holder(pid, _program(pid))
    return found


def _may_hold(pid: int, path: Path) -> bool:
    try:
        return path.stat().st_rdev in _open_devices(pid, strict=True)
    except PermissionError:
        return True  # another user's process: only its lock is visible
    except OSError:
        return False


def _processes() -> list[int]:
    try:
        return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _open_devices(pid: int, *, strict: bool = False) -> set[int]:
    """Return the device numbers of the character devices that a process has open."""
    devices: set[int] = set()
    folder = _PROC / str(pid) / "fd"
    try:
        entries = list(folder.iterdir())
    except OSError:
        if strict:
            raise
        return devices
    for entry in entries:
        try:
            if not str(entry.readlink()).startswith("/dev/"):
                continue
            status = entry.stat()
        except OSError:
            continue
        if stat.S_ISCHR(status.st_mode):
            devices.add(status.st_rdev)
    return devices


def _program(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""
