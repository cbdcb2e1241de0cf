# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything in ``resources`` is installed, valid and of use."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from configparser import ConfigParser
from importlib import resources
from pathlib import Path

import pytest

import wattui
from wattui.desktop import menu_entry

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = resources.files("wattui.resources")


def _resource_files() -> list[Path]:
    files = (path for path in (ROOT / "resources").rglob("*.*") if path.is_file())
    return sorted(path for path in files if "__pycache__" not in path.parts)


@pytest.mark.parametrize("path", _resource_files(), ids=lambda path: path.name)
def test_every_resource_is_read_through_the_package(path: Path) -> None:
    inside = RESOURCES.joinpath(*path.relative_to(ROOT / "resources").parts)
    assert inside.read_bytes() == path.read_bytes()


def test_setup_names_every_package() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    named = setup["options"]["packages"].split()
    folders = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for init in (ROOT / "wattui").rglob("__init__.py")
    }
    assert sorted(named) == sorted(folders | {"wattui.resources", "wattui.resources.guide"})


def test_the_package_carries_its_resources_in_every_folder() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    data = setup["options.package_data"]["wattui.resources"].split()
    folders = {path.parent.relative_to(ROOT / "resources").as_posix() for path in _resource_files()}
    assert {"*" if folder == "." else f"{folder}/*" for folder in folders} == set(data)


def test_every_page_and_picture_of_the_guide_is_installed_and_no_script() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert "wattui.resources.guide = docs" in setup["options"]["package_dir"]
    patterns = setup["options.package_data"]["wattui.resources.guide"].split()
    left_out = setup["options.exclude_package_data"]["wattui.resources.guide"].split()
    for path in (ROOT / "docs").rglob("*.*"):
        if path.is_file() and "__pycache__" not in path.parts:
            inside = path.relative_to(ROOT / "docs")
            # A script right in docs would be installed as a module.
            assert len(inside.parts) == 2 or path.suffix != ".py", path
            on_the_site = inside.parts[0] == "site" or path.suffix in (".py", ".ipynb")
            wanted = left_out if on_the_site else patterns
            assert any(inside.match(pattern) for pattern in wanted), path


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("wattui", menu_entry.ICON_SIZES),
        ("wattui-session", menu_entry.SESSION_ICON_SIZES),
    ],
)
def test_icons_have_the_size_in_their_name(name: str, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        head = (RESOURCES / "icons" / f"{name}-{size}.png").read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        assert struct.unpack(">II", head[16:24]) == (size, size)


def test_the_windows_icon_holds_its_images() -> None:
    data = (RESOURCES / "icons" / "wattui.ico").read_bytes()
    _, kind, count = struct.unpack_from("<HHH", data)
    assert (kind, count) == (1, 7)
    for index in range(count):
        length, offset = struct.unpack_from("<II", data, 6 + 16 * index + 8)
        assert data[offset : offset + 4] == b"\x89PNG"
        assert offset + length <= len(data)


def test_metainfo_knows_this_version() -> None:
    tree = ElementTree.fromstring((RESOURCES / "wattui.metainfo.xml").read_bytes())
    versions = [release.get("version") for release in tree.iter("release")]
    assert versions[0] == wattui.__version__


def test_the_mime_type_is_the_one_that_the_launcher_opens() -> None:
    mime = ElementTree.fromstring((RESOURCES / "wattui-mime.xml").read_bytes())
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    kind = mime.find("m:mime-type", space)
    assert kind is not None
    launcher = (RESOURCES / "wattui.desktop").read_text(encoding="utf-8")
    assert f"MimeType={kind.get('type')};" in launcher
    assert [glob.get("pattern") for glob in kind.findall("m:glob", space)] == ["*.wattui"]


def test_the_udev_rule_sets_what_it_should_before_systemd_looks() -> None:
    rule = menu_entry.udev_rule()
    assert int(rule.name.split("-")[0]) < 73
    lines = [line for line in rule.read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) == 1
    assert {
        'ATTRS{idVendor}=="0403"',
        'ATTRS{idProduct}=="6001"',
        'TAG+="uaccess"',
        'ENV{ID_MM_PORT_IGNORE}="1"',
    } <= {part.strip() for part in lines[0].split(",")}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("desktop-file-validate", ["wattui.desktop"]),
        ("appstreamcli", ["validate", "--no-net", "wattui.metainfo.xml"]),
    ],
)
def test_the_desktops_own_tools_find_nothing_wrong(tool: str, arguments: list[str]) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run(
        [tool, *arguments], cwd=ROOT / "resources", capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_svgs_are_their_own() -> None:
    """No image, no font and no link to elsewhere: they look the same everywhere."""
    for name in ("wattui", "wattui-session"):
        text = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert not re.search(r"<(image|text|use)\b|href", text)
