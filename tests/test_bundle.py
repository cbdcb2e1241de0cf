# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bundle contains, from its specification: it is not built, and PyInstaller not needed."""

from __future__ import annotations

import ast
import importlib.util
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wattui.formats.registry import all_formats

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "packaging" / "wattui.spec"

#: Left out: pyarrow for its size, with an error that says so; the others are of no use without
#: Python.
LEFT_OUT = {"pyarrow", "pandas", "pytest"}


def walk(package: str, filter: Callable[[str], bool] = lambda name: True) -> list[str]:
    """Return a package and all of its modules by name, without importing them."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, package
    names = [package]
    for folder in spec.submodule_search_locations or ():
        for path in Path(folder).rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            names.append(".".join([package, *parts]).removesuffix(".__init__"))
    return [name for name in names if filter(name)]


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    """Return what the specification asks PyInstaller for."""
    found: dict[str, Any] = {}

    def analysis(scripts: list[str], **options: Any) -> Any:
        found.update(options, scripts=scripts)
        parts = ModuleType("analysis")
        parts.__dict__.update(binaries=[], datas=[], scripts=[], pure=[])
        return parts

    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.__dict__.update(
        collect_submodules=walk,
        collect_data_files=lambda name: [],
        copy_metadata=lambda name, recursive: [],
    )
    names: dict[str, Any] = dict.fromkeys(
        ("PYZ", "EXE", "COLLECT", "BUNDLE"), lambda *_, **__: None
    )
    names |= {"Analysis": analysis, "SPECPATH": str(SPEC.parent), "__name__": "spec"}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PyInstaller", "PyInstaller.utils", hooks.__name__):
            patch.setitem(sys.modules, name, hooks)
        patch.setattr(os, "environ", dict(os.environ))
        exec(compile(SPEC.read_text(encoding="utf-8"), str(SPEC), "exec"), names)
    return found


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "wattui").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def loaded_by_name() -> set[str]:
    """Return the modules that wattui names in strings: packages of extras, and its own."""
    found = {form.package for form in all_formats().values() if form.package}
    for _path, tree in trees():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            first = call.args[0]
            if name in ("import_module", "load_package") and isinstance(first, ast.Constant):
                found.add(first.value)
    return found


def test_a_module_that_is_loaded_by_name_is_missing_in_the_bundle(asked: dict[str, Any]) -> None:
    names = loaded_by_name()
    assert {"xlsxwriter", "paho.mqtt.client", "psycopg", "wattui.ui.app"} <= names
    missing = names - set(asked["hiddenimports"]) - sys.stdlib_module_names
    assert {name.partition(".")[0] for name in missing} <= LEFT_OUT


def test_every_module_of_the_program_is_in_the_bundle(asked: dict[str, Any]) -> None:
    hidden = set(asked["hiddenimports"])
    ours = set(walk("wattui")) - {"wattui.benchmark.pytest_plugin"}
    assert not ours - hidden
    for package in ("serial.urlhandler", "pyface.ui.qt", "traitsui.qt", "enable.qt"):
        found = importlib.util.find_spec(package)
        assert found is not None
        modules = pkgutil.iter_modules(found.submodule_search_locations)
        names = {f"{package}.{one.name}" for one in modules if not one.ispkg}
        assert names, package
        assert not names - hidden


def test_nothing_that_wattui_imports_is_left_out_of_the_bundle(asked: dict[str, Any]) -> None:
    excluded = set(asked["excludes"]) - LEFT_OUT
    assert "PyQt5.QtMultimedia" in excluded
    for path, tree in trees():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            assert not excluded & set(names), path


def test_both_programs_are_started_by_a_script_that_is_there(asked: dict[str, Any]) -> None:
    for path in (*asked["scripts"], *asked["runtime_hooks"]):
        assert Path(path).is_file(), path


def test_the_extra_of_the_bundle_is_the_tool_that_reads_the_specification() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert re.match(r"\npyinstaller>=\d", setup["options.extras_require"]["bundle"])
