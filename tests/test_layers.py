# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the code: who may import whom, and what every module keeps to.

The imports are read from the source, those inside of functions too.
"""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "wattui"

#: Each module or package of the top level, and its layer. It imports its own and lower ones.
LAYERS = {
    0: "errors",
    1: "measurement desktop",
    2: "protocol",
    3: "ports simulator session",
    4: "client formats",
    5: "meter_memory",
    6: "model",
    7: "ui",
    8: "cli api",
    9: "__main__",
}
LAYER = {name: layer for layer, names in LAYERS.items() for name in names.split()}

#: What comes from elsewhere, and where alone it may be imported.
ONLY_IN = {
    "serial": ("ports", "simulator.serial_handler", "simulator.pyserial_urls"),
    "traits": ("model", "ui"),
    "traitsui": ("ui",),
    "pyface": ("ui",),
    "chaco": ("ui",),
    "enable": ("ui",),
    "kiva": ("ui",),
    "PyQt5": ("ui",),
    "click": ("cli",),
    "rich": ("cli",),
}

#: Names that say nothing of what is inside.
SAYS_NOTHING = {"util", "utils", "common", "helper", "helpers", "manager", "core", "misc", "base"}

MOST_LINES_OF_A_MODULE = 600
MOST_LINES_OF_A_FUNCTION = 40
#: Longer ones that were looked at, and why they stay.
LONG_ON_PURPOSE = {
    "wattui.ui.dialogs.missing_port.linux_checks": "a list of what to check, one after the other",
}


@dataclass
class Module:
    """A module's source, and what it imports."""

    name: str
    path: Path
    tree: ast.Module = field(repr=False)
    lines: int

    @property
    def top(self) -> str:
        """The module or package below ``wattui`` that it is or belongs to."""
        return self.name.partition(".")[2].partition(".")[0]


@functools.cache
def modules() -> dict[str, Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        name = name.removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, ast.parse(text), text.count("\n"))
    return found


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _nodes(tree: ast.AST, *, typing_too: bool, lazy_too: bool) -> Iterator[ast.AST]:
    """Walk a module, leaving out what is only for the type checker, or only run later."""
    for child in ast.iter_child_nodes(tree):
        if _is_type_checking(child) and not typing_too:
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not lazy_too:
            continue
        yield child
        yield from _nodes(child, typing_too=typing_too, lazy_too=lazy_too)


def imports(module: Module, *, typing_too: bool = True, lazy_too: bool = True) -> set[str]:
    """Give the full names of the modules that *module* imports."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    names: set[str] = set()
    for node in _nodes(module.tree, typing_too=typing_too, lazy_too=lazy_too):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                names.add(inner if inner in modules() else base)
    return names - {module.name}


def test_every_module_has_a_layer() -> None:
    tops = {module.top for module in modules().values()} - {""}
    assert sorted(tops - set(LAYER)) == [], "name their layer in LAYERS"


def test_imports_only_go_down() -> None:
    upwards = [
        f"{module.name} imports {name}"
        for module in modules().values()
        for name in imports(module)
        if module.top
        and name.startswith("wattui.")
        and LAYER.get(name.split(".")[1], -1) > LAYER[module.top]
    ]
    assert upwards == []


def test_the_package_itself_imports_nothing() -> None:
    assert {name for name in imports(modules()["wattui"]) if name.startswith("wattui")} == set()


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_libraries_stay_where_they_belong(library: str) -> None:
    allowed = tuple(f"wattui.{place}" for place in ONLY_IN[library])
    elsewhere = [
        module.name
        for module in modules().values()
        if library in {name.split(".")[0] for name in imports(module)}
        and not any(
            module.name == place or module.name.startswith(place + ".") for place in allowed
        )
    ]
    assert elsewhere == []


def test_no_import_goes_round_in_a_circle() -> None:
    graph = {
        module.name: {
            name for name in imports(module, typing_too=False, lazy_too=False) if name in modules()
        }
        for module in modules().values()
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(
    "module",
    ["wattui.cli", "wattui.cli.commands.log", "wattui.api", "wattui.client", "wattui.session"],
)
def test_the_command_line_starts_without_the_window(module: str) -> None:
    if module not in modules():
        pytest.skip(f"there is no {module}")
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert loaded & {"PyQt5", "chaco", "enable", "kiva", "pyface", "traits", "traitsui"} == set()


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Give the public classes and functions, and the public methods of those classes."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        if not isinstance(node, definitions) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, definitions) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def _is_overload_or_setter(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(d).endswith((".setter", "overload", "override")) for d in decorators)


def test_everything_public_says_what_it_is() -> None:
    silent = [
        f"{module.name}: {name}"
        for module in modules().values()
        for name, node in _public(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not _is_overload_or_setter(node)
        and not ast.get_docstring(node)
        and not name.rpartition(".")[2].startswith(("visit_", "paint", "mouse", "key", "wheel"))
    ]
    assert silent == []
    assert [m.name for m in modules().values() if not ast.get_docstring(m.tree)] == []


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function, without its docstring."""
    first = node.body[0]
    docstring = 0
    if ast.get_docstring(node) is not None:
        docstring = (first.end_lineno or 0) - first.lineno + 1
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_nothing_has_grown_too_long() -> None:
    long = {m.name: m.lines for m in modules().values() if m.lines > MOST_LINES_OF_A_MODULE}
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                if length > MOST_LINES_OF_A_FUNCTION:
                    long[f"{module.name}.{node.name}"] = length
    unseen = {name: lines for name, lines in long.items() if name not in LONG_ON_PURPOSE}
    assert unseen == {}
    assert sorted(set(LONG_ON_PURPOSE) - set(long)) == [], "these are short by now"


def test_names_of_modules_say_what_is_inside() -> None:
    leaves = {name: name.rpartition(".")[2] for name in modules()}
    assert [name for name, leaf in leaves.items() if leaf in SAYS_NOTHING] == []
    standard = sys.stdlib_module_names - {"__main__"}
    assert [name for name, leaf in leaves.items() if leaf in standard] == []


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{module.name}:{node.lineno}"
        for module in modules().values()
        if module.top != "cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_nothing_leaves_by_the_back_door() -> None:
    """``os._exit`` runs no ``finally``: what was to be written would not be."""
    leaving = [
        f"{module.name}:{node.lineno}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os._exit"
    ]
    assert leaving == []


def test_every_file_carries_its_licence() -> None:
    root = PACKAGE.parent
    bare = [
        str(path.relative_to(root))
        for folder in ("wattui", "tests", "benchmarks", "docs", "resources")
        for path in sorted((root / folder).rglob("*.py"))
        if "SPDX-License-Identifier: GPL-3.0-or-later"
        not in "".join(path.read_text(encoding="utf-8").splitlines()[:2])
    ]
    assert bare == []
