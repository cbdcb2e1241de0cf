# SPDX-License-Identifier: GPL-3.0-or-later
"""The public names do what their module's docstring says."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import subprocess
import sys
import threading
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from wattui import api


class _Counter:
    """Counts what was committed, and says when it is enough."""

    def __init__(self, enough: int) -> None:
        self.samples: list[api.Sample] = []
        self.reached = threading.Event()
        self._enough = enough

    def on_samples(self, meter: api.MeterInfo, samples: Sequence[api.Sample]) -> None:
        self.samples += samples
        if len(self.samples) >= self._enough:
            self.reached.set()

    def on_event(self, meter: api.MeterInfo | None, event: api.Event) -> None:
        pass


def test_every_public_name_is_there_and_in_order() -> None:
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
    assert len(set(api.__all__)) == len(api.__all__)


def test_importing_the_names_loads_neither_traits_nor_qt() -> None:
    program = (
        "import sys; from wattui import api; dir(api); loaded = set(sys.modules)\n"
        "print({'traits', 'PyQt5', 'chaco'} & loaded)\n"
        "api.Meter(url='sim://pro'); print({'PyQt5', 'traitsui', 'chaco'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["set()", "set()"]
    assert set(api.__all__) <= set(dir(api))


def _classes(hint: object) -> Iterator[type]:
    """Yield the classes of wattui that an annotation names."""
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        if hint.__module__.startswith("wattui"):
            yield hint
    else:
        for part in typing.get_args(hint):
            yield from _classes(part)


def _hints(found: object, owner: object) -> dict[str, object]:
    names = {name: getattr(api, name) for name in api.__all__}
    module = sys.modules[owner.__module__]
    return typing.get_type_hints(found, {**vars(typing), **names, **vars(module)})


def _returned(name: str) -> Iterator[tuple[str, type]]:
    """Yield what a public name returns, and what its public attributes are, with their place."""
    found = getattr(api, name)
    if not inspect.isclass(found):
        if inspect.isfunction(found):
            yield from ((name, one) for one in _classes(_hints(found, found).get("return")))
        return
    hidden = set(found.class_trait_names(visible=False)) if hasattr(found, "traits") else set()
    for attribute, hint in _hints(found, found).items():
        if not attribute.startswith("_") and attribute not in hidden:
            yield from ((f"{name}.{attribute}", one) for one in _classes(hint))
    for attribute, member in inspect.getmembers(found):
        method = member.fget if isinstance(member, property) else member
        ours = getattr(method, "__module__", None) or ""
        if inspect.isroutine(method) and ours.startswith("wattui") and attribute[0] != "_":
            hint = _hints(method, method).get("return")
            yield from ((f"{name}.{attribute}", one) for one in _classes(hint))


@pytest.mark.parametrize("name", [one for one in api.__all__ if one not in ("commands", "Reply")])
def test_what_is_returned_is_public_and_documented(name: str) -> None:
    private = [f"{at}: {one}" for at, one in _returned(name) if one.__name__ not in api.__all__]
    assert private == []
    if callable(getattr(api, name)):
        assert inspect.getdoc(getattr(api, name))


@pytest.mark.parametrize("name", ["", *api.__all__])
def test_examples_of_the_docstrings_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = getattr(api, name) if name else api
    source = found if name == "" or getattr(found, "__module__", "").startswith("wattui") else None
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in doctest.DocTestFinder(recurse=bool(name)).find(source, name or "api"):
        runner.run(example)
    assert runner.failures == 0


PROGRAM = """
from datetime import datetime
from wattui.api import Bench, Meter, Sample, Session, meter

def watch(url: str) -> float:
    one = Meter(url=url, interval=2)
    one.connect()
    print(one.watts + 1.0, one.label.upper(), one.state.value)
    one.disconnect()
    bench = Bench()
    first, *_rest = bench.connect([url], names=["lamp"])
    if bench.meter is not None and bench.session_path is not None:
        print(bench.meter.watts, bench.session_path.name)
    return first.energy + bench.total_energy

def total(url: str, path: str) -> list[float]:
    powers: list[float] = []
    with meter(url) as samples:
        for sample in samples:
            powers.append(sample["power"] or 0.0)
            break
    with Session.open(path) as session:
        for number in session.meters:
            powers.append(session.statistics(number.id).energy_wh)
    return powers
"""


def test_a_program_that_uses_the_public_names_passes_a_strict_type_checker(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-wattui.*]\nignore_errors = True\n")
    root = Path(api.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(program)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(root)},
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_error_is_public_that_others_may_want_to_catch() -> None:
    assert issubclass(api.PortBusy, api.PortError)
    assert issubclass(api.SessionTooNew, api.SessionError)
    assert issubclass(api.WouldEraseMemory, api.WattuiError)


def test_record_and_read_back_as_the_docstring_does(tmp_path: Path) -> None:
    path = api.new_session_path("lamp", tmp_path)
    counter = _Counter(enough=20)
    client = api.MeterClient("sim://pro?load=lamp&speed=50")
    with api.SessionWriter(path) as writer:
        writer.add_listener(counter)
        client.add_listener(writer)
        client.start()
        assert counter.reached.wait(30)
        client.stop()
    with api.Session.open(path) as session:
        (meter,) = session.meters
        stored = list(session.samples(meter.id))
        assert stored[: len(counter.samples)] == counter.samples
        assert all(55 < (sample["power"] or 0) < 65 for sample in stored)
        api.write_csv(session, tmp_path / "lamp.csv")
        energy = session.statistics(meter.id).energy_wh
    wire = [sample.values[0] or 0 for sample in stored]
    power = [value / 10 for value in wire]
    intervals = [sample.interval_us / 1e6 for sample in stored]
    assert energy == pytest.approx(api.energy_wh(power, intervals), rel=1e-12)
    rows = [line for line in (tmp_path / "lamp.csv").read_text().splitlines() if line[0] != "#"]
    assert len(rows) == len(stored) + 1


def _functions() -> list[str]:
    return [name for name in api.__all__ if inspect.isfunction(getattr(api, name))]


@pytest.mark.parametrize("name", _functions())
def test_public_functions_document_parameters_result_and_an_example(name: str) -> None:
    function = getattr(api, name)
    text = inspect.getdoc(function) or ""
    wanted = [
        "Returns\n---",
        "Examples\n---",
        *(["Parameters\n---"] * bool(function.__annotations__.keys() - {"return"})),
    ]
    assert [section.split()[0] for section in wanted if section not in text] == []


@pytest.mark.parametrize("kind", [api.Session], ids=lambda kind: kind.__name__)
def test_public_methods_document_their_parameters(kind: type) -> None:
    bare = [
        f"{name}: {parameter}"
        for name, method in vars(kind).items()
        if inspect.isfunction(method) and not name.startswith("_")
        for parameter in list(inspect.signature(method).parameters)[1:]
        if not re.search(rf"^ +(.*, )?{parameter}(, .*)?$", method.__doc__ or "", re.M)
    ]
    assert bare == []
