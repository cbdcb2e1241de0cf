# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher, and what goes with it, in the user's menu."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wattui.desktop import menu_entry
from wattui.desktop.program_command import program_command
from wattui.errors import DiskRefused

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="desktop entries are Linux's")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "share"


def _entry(prefix: Path) -> list[str]:
    return (prefix / "applications" / "wattui.desktop").read_text(encoding="utf-8").splitlines()


def test_install_then_remove_leaves_no_file(prefix: Path) -> None:
    written = menu_entry.install(prefix)
    assert all(path.is_file() for path in written)
    names = {path.relative_to(prefix).as_posix() for path in written}
    assert {
        "applications/wattui.desktop",
        "icons/hicolor/scalable/apps/wattui.svg",
        "icons/hicolor/16x16/apps/wattui.png",
        "icons/hicolor/48x48/mimetypes/wattui-session.png",
        "mime/packages/wattui.xml",
        "metainfo/wattui.metainfo.xml",
    } <= names
    assert sorted(menu_entry.remove(prefix)) == sorted(written)
    assert not [path for path in written if path.exists()]
    assert menu_entry.remove(prefix) == []


def test_installing_twice_is_the_same_as_once(prefix: Path) -> None:
    assert menu_entry.install(prefix) == menu_entry.install(prefix)
    assert not list(prefix.rglob(".*.part"))


def test_it_goes_into_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert all(path.is_relative_to(tmp_path / "xdg") for path in menu_entry.install())
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert menu_entry.data_home() == tmp_path / ".local" / "share"


def test_the_launcher_starts_this_environment(prefix: Path) -> None:
    menu_entry.install(prefix)
    entry = _entry(prefix)
    command = program_command(window=True)
    assert Path(command[0]).is_absolute()
    starts = [shlex.split(line.removeprefix("Exec=")) for line in entry if line.startswith("Exec=")]
    assert starts == [[*command, "%f"], [*command, "--demo"]]
    assert f"TryExec={command[0]}" in entry


def test_a_path_with_everything_in_it_is_quoted(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = '/opt/my "tools" $HOME `x` 100%/back\\slash/wattui-gui'
    monkeypatch.setattr(menu_entry, "program_command", lambda window: [odd])
    menu_entry.install(prefix)
    line = next(line for line in _entry(prefix) if line.startswith("Exec="))
    value = line.removeprefix("Exec=").replace("\\\\", "\\")  # the escapes of a string value
    assert value.endswith('" %f')
    inner = value[1 : -len('" %f')].replace("%%", "%")
    for character in '"`$\\':
        inner = inner.replace("\\" + character, character)
    assert inner == odd


def test_the_installed_launcher_is_valid(prefix: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is not installed")
    menu_entry.install(prefix)
    done = subprocess.run(
        ["desktop-file-validate", prefix / "applications" / "wattui.desktop"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_file_type_is_known_after_installing(prefix: Path) -> None:
    if shutil.which("update-mime-database") is None:
        pytest.skip("shared-mime-info is not installed")
    menu_entry.install(prefix)
    assert "application/x-wattui-session:*.wattui" in (prefix / "mime" / "globs").read_text()


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    taken = tmp_path / "share"
    taken.write_text("no folder")
    with pytest.raises(DiskRefused) as caught:
        menu_entry.install(taken)
    assert str(taken) in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_on_other_systems_the_error_shows_what_to_do(
    platform: str, prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for action in (menu_entry.install, menu_entry.remove):
        with pytest.raises(menu_entry.NoDesktopEntries) as caught:
            action(prefix)
        assert "wattui" in caught.value.hint
    assert not prefix.exists()


def test_the_udev_command_names_a_file_that_is_there() -> None:
    words = shlex.split(menu_entry.udev_command())
    assert words[:4] == ["sudo", "install", "-m", "644"]
    assert Path(words[4]).samefile(menu_entry.udev_rule())
    assert words[5] == "/etc/udev/rules.d/60-wattui.rules"
