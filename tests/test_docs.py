# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation is true: its commands, options, columns and links."""

from __future__ import annotations

import itertools
import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from wattui.cli.program import program
from wattui.errors import WattuiError
from wattui.measurement.events import EventKind, MeterInfo
from wattui.measurement.fields import FIELDS, INTEGRATED_ENERGY
from wattui.measurement.sample import Sample
from wattui.protocol.models import MODELS
from wattui.session import Session, SessionWriter
from wattui.simulator.faults import LASTING, TIMED
from wattui.simulator.loads import LOADS
from wattui.simulator.sim_url import KEYS as SIM_KEYS
from wattui.simulator.sim_url import parse_url

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / "README.md", ROOT / "CHANGELOG.md"),
    *sorted((ROOT / ".github").glob("*.md")),
    *sorted(DOCS.glob("*.md")),
]


def _text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def _commands(
    group: click.Group = program, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield the name and the command of each command, including those inside groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*before, name))


COMMANDS = dict(_commands())


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_is_in_the_guide(name: tuple[str, ...]) -> None:
    command = COMMANDS[name]
    assert command.help
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []
    assert f"wattui {' '.join(name)}" in _text("command-line.md")


def _shell_lines() -> Iterator[tuple[Path, str]]:
    """Yield the shell lines of the pages, without prompts and comments."""
    for page in PAGES:
        for kind, block in re.findall(
            r"^```(sh|console)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
        ):
            for line in block.splitlines():
                if kind == "sh" or line.startswith("$ "):
                    yield page, line.removeprefix("$ ")


WATTUI_LINES = sorted(
    {
        line[line.index("wattui") :].rstrip(")")
        for _, line in _shell_lines()
        if re.match(r"(\w+=\$\()?(\.venv/bin/)?wattui\b", line)
    }
)


@pytest.mark.parametrize("line", WATTUI_LINES)
def test_the_command_lines_of_the_pages_are_valid(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    # What follows is of the shell.
    words = list(itertools.takewhile(lambda word: word not in ("|", ">"), words))
    name: list[str] = []
    while words and (*name, words[0]) in COMMANDS:
        name.append(words.pop(0))
    command = COMMANDS[tuple(name)] if name else program
    if "--help" in words or isinstance(command, click.Group):
        return
    command.make_context(" ".join(name), words, resilient_parsing=False)


def test_make_has_the_targets_of_the_pages() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    used = {
        word
        for _, line in _shell_lines()
        if line.startswith("make ")
        for word in shlex.split(line, comments=True)[1:]
        if "=" not in word
    }
    assert {"run", "test"} <= used <= targets


def test_a_checkout_contains_the_scripts_that_the_pages_run() -> None:
    scripts = {
        match for _, line in _shell_lines() for match in re.findall(r"(?<!\S)(\.ci/[\w-]+)", line)
    }
    assert scripts
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


@pytest.mark.parametrize("field", [*FIELDS, INTEGRATED_ENERGY], ids=lambda field: field.name)
def test_every_column_is_explained(field) -> None:
    rows = [line for line in _text("csv.md").splitlines() if line.startswith(f"| `{field.column}`")]
    assert len(rows) == 1
    if field is not INTEGRATED_ENERGY:
        unit, step = (cell.strip() for cell in rows[0].split("|")[3:5])
        assert float(step) == 1 / field.scale
        assert not field.unit or unit == field.unit


def test_every_stored_field_is_explained() -> None:
    page = _text("session-file.md")
    scales = {
        name: int(row.split("|")[2])
        for row in page.splitlines()
        if row.startswith("| `") and row.split("|")[2].strip().isdigit()
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert scales == {field.name: field.scale for field in FIELDS}
    assert [kind.value for kind in EventKind if f"`{kind.value}`" not in page] == []


def test_every_option_of_a_simulated_meter_is_explained() -> None:
    page = _text("simulated-meters.md")
    rows = " ".join(line for line in page.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`([a-z0-9]+)(?:@[^`]*)?`", rows))
    assert [
        name for name in (*SIM_KEYS, *MODELS, *LOADS, *LASTING, *TIMED) if name not in named
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_simulated_meters_of_the_pages_exist(page: Path) -> None:
    for url in re.findall(r"sim://[\w?=&:,@.]+", page.read_text(encoding="utf-8")):
        parse_url(url.rstrip(".,:"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a short session with a gap and absent fields, named as in the pages."""
    from wattui.formats import write_csv

    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.wattui"
    start = 1_700_000_000_000_000
    with SessionWriter(path) as writer:
        samples = [
            Sample(start + n * 1_000_000, 1_000_000, (423 + n, 1198, 361) + (None,) * 15)
            for n in range(50)
        ]
        after = start + 100_000_000
        samples.append(Sample(after, 1_000_000, (500, 1200, 420) + (0,) * 15, gap_us=50_000_000))
        writer.on_samples(MeterInfo("A100", "/dev/ttyUSB0"), samples)
    with Session.open(path) as session:
        write_csv(session, tmp_path / "run.csv")
    return path


def _python(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", _text(page), re.M | re.S)


def test_the_python_of_the_page_on_the_session_file_gives_the_energy(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for block in _python("session-file.md"):
        exec(block, {})
    printed = [float(n) for n in re.findall(r"([\d.]+) Wh", capsys.readouterr().out)]
    assert len(printed) == 2
    assert printed[0] == pytest.approx(printed[1], rel=1e-12)
    assert printed[0] == pytest.approx((sum(423 + n for n in range(50)) + 500) / 36000)


def test_the_python_of_the_page_on_csv_gives_the_energy_and_the_gap(run: Path) -> None:
    names: dict[str, object] = {}
    for block in _python("csv.md"):
        exec(block, names)
    with Session.open(run) as session:
        energy = session.statistics(session.meters[0].id).energy_wh
    assert names["energy_wh"] == pytest.approx(energy, rel=1e-12)
    table = names["run"]
    assert table.power_w.isna().tolist() == [False] * 50 + [True]  # type: ignore[attr-defined]
    assert str(table.time.dtype).startswith("datetime64")  # type: ignore[attr-defined]


def test_the_tables_of_a_session_are_explained(run: Path) -> None:
    page = _text("session-file.md")
    with sqlite3.connect(run) as database:
        tables = [
            name
            for (name,) in database.execute("select name from sqlite_master where type = 'table'")
            if not name.startswith("sqlite_")
        ]
        assert [name for name in tables if f"\n| `{name}` |" not in page] == []
        for name in ("meter", "sample", "event"):
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
            columns = {column[1] for column in database.execute(f"pragma table_info({name})")}
            assert set(re.findall(r"`(\w+)`", row.split("|")[3])) <= columns
        (application,) = database.execute("pragma application_id").fetchone()
    assert f"0x{application:08x}" in page


def test_every_exit_status_is_explained() -> None:
    def statuses(kind: type[WattuiError]) -> Iterator[int]:
        yield kind.exit_status
        for below in kind.__subclasses__():
            yield from statuses(below)

    page = _text("command-line.md")
    assert [n for n in sorted(set(statuses(WattuiError))) if f"\n| {n} |" not in page] == []


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.is_file(), f"{target} is not there"
        assert not anchor or anchor in _anchors(other), f"{target}: no such heading"


def test_every_page_is_in_the_guide() -> None:
    index = _text("README.md")
    pages = [page.name for page in DOCS.glob("*.md") if page.name != "README.md"]
    assert [name for name in pages if f"({name})" not in index] == []


def _ten_changes() -> list[tuple[str, str]]:
    """Return what a change touches and what holds it, from the table for developers."""
    table = _text("developers.md").split("## Typical changes")[1].split("\n## ")[0]
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("| ")]
    return [(place, test) for place, test in rows if "`" in place]


def test_each_of_ten_changes_names_its_place_and_a_test() -> None:
    assert len(_ten_changes()) == 10
    for place, test in _ten_changes():
        path, *names = re.findall(r"`([^`]+)`", place)
        target = ROOT / "wattui" / path
        assert target.exists(), path
        if target.is_file():
            text = target.read_text(encoding="utf-8")
            wanted = [name.rpartition(".")[2] for name in names if "/" not in name]
            assert [name for name in wanted if not re.search(rf"\b{name}\b", text)] == []
        assert [
            name for name in names if "/" in name and not (ROOT / "wattui" / name).exists()
        ] == []
        assert [
            name for name in re.findall(r"`([^`]+)`", test) if not (ROOT / name).is_file()
        ] == []


def test_every_page_is_on_the_site() -> None:
    index = (DOCS / "site" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\.\./([\w-]+)$", index, re.MULTILINE)
    assert sorted(listed) == sorted(page.stem for page in DOCS.glob("*.md"))
