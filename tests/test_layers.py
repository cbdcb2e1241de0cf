# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the code: what may import what, and the rules of every module.

Imports are read from the source, including those inside of functions.
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

#: Each module or package of the top level, lowest layer first. It imports lower ones only:
#: never one of its own layer.
LAYERS = (
    "errors",
    "measurement desktop",
    "protocol",
    "ports simulator session",
    "client formats forwarding",
    "meter_memory benchmark",
    "model report",
    "ui",
    "cli api",
    "__main__",
)
LAYER = {name: layer for layer, names in enumerate(LAYERS) for name in names.split()}

#: Modules beside the packages.
LOOSE = {"wattui", "wattui.__main__", "wattui.api", "wattui.errors"}

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
    "scipy": ("benchmark",),
}

#: Names that say nothing of what is inside.
SAYS_NOTHING = {"util", "utils", "common", "helper", "helpers", "manager", "core", "misc", "base"}

MOST_LINES_OF_A_MODULE = 600
MOST_LINES_OF_A_FUNCTION = 40
#: Longer ones that were looked at, and why they stay.
LONG_ON_PURPOSE = {}


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


def imports(module: Module) -> set[str]:
    """Return the full names of the modules that *module* imports, anywhere in its source."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(module.tree):
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


def test_no_module_lies_beside_the_packages() -> None:
    assert {name for name, module in modules().items() if module.path.parent == PACKAGE} == LOOSE


def test_imports_only_go_down() -> None:
    upwards = [
        f"{module.name} imports {name}"
        for module in modules().values()
        for name in sorted(imports(module))
        if module.top and name.startswith("wattui.") and name.split(".")[1] != module.top
        if LAYER[name.split(".")[1]] >= LAYER[module.top]
    ]
    assert upwards == []


def test_the_package_itself_loads_nothing() -> None:
    program = "import sys, wattui; print(*(n for n in sys.modules if n.split('.')[0] == 'wattui'))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["wattui"]


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


def _circles(graph: dict[str, set[str]]) -> list[str]:
    """Return the sets of nodes that reach each other, each as one line."""

    @functools.cache
    def reached(start: str) -> frozenset[str]:
        found: set[str] = set()
        left = [start]
        while left:
            new = graph[left.pop()] - found
            found |= new
            left.extend(new)
        return frozenset(found)

    circles = {
        frozenset(other for other in reached(name) if name in reached(other))
        for name in graph
        if name in reached(name)
    }
    return sorted(" <> ".join(sorted(circle)) for circle in circles)


def test_no_import_goes_round_in_a_circle() -> None:
    """Imports inside of functions and those for the type checker count, too."""
    graph = {m.name: {name for name in imports(m) if name in modules()} for m in modules().values()}
    assert _circles(graph) == []


def test_no_packages_import_each_other() -> None:
    """Those below one roof: a package may use what is inside of it, and the other way round."""
    graph: dict[str, set[str]] = {}
    for module in modules().values():
        room = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
        for name in imports(module) & set(modules()):
            is_package = modules()[name].path.name == "__init__.py"
            other = name if is_package else name.rpartition(".")[0]
            graph.setdefault(other, set())
            if not f"{room}.".startswith(f"{other}.") and not f"{other}.".startswith(f"{room}."):
                graph.setdefault(room, set()).add(other)
    assert _circles(graph) == []


def _named_twice(places: list[tuple[str, str]]) -> list[str]:
    """Return what is in several modules, given pairs of name and module."""
    found: dict[str, list[str]] = {}
    for name, place in places:
        found.setdefault(name, []).append(place.removeprefix("wattui."))
    return [f"{name}: {', '.join(where)}" for name, where in found.items() if len(where) > 1]


def test_every_file_has_a_name_of_its_own() -> None:
    files = [m for m in modules().values() if m.path.name != "__init__.py"]
    assert _named_twice([(m.path.stem, m.name.rpartition(".")[0]) for m in files]) == []


def test_every_public_class_has_a_name_of_its_own() -> None:
    classes = [
        (node.name, module.name)
        for module in modules().values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert _named_twice(classes) == []


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
    """Yield the public classes and functions, and the public methods of those classes."""
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


# REUSE-IgnoreStart
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


# REUSE-IgnoreEnd
