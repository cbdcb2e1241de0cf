# SPDX-License-Identifier: GPL-3.0-or-later
"""Help in colour and with examples, and commands that are imported when they run."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from wattui.cli import commands, exits
from wattui.cli.file_options import check_files
from wattui.measurement.log_format import PrintableFormatter

_WIDTH: Final = 100

#: Commands at the top of the list; the others follow in alphabetical order.
_FIRST: Final = ("gui", "log", "ports")

#: Other words for a command, with its name.
_MEANT: Final = {
    **dict.fromkeys(("record", "run", "start", "monitor", "watch", "capture"), "log"),
    **dict.fromkeys(("list", "ls", "devices", "scan"), "ports"),
    **dict.fromkeys(("recordings", "runs", "history"), "sessions"),
    **dict.fromkeys(("csv", "save", "dump"), "export"),
    **dict.fromkeys(("download", "read", "readout", "memory"), "fetch"),
    **dict.fromkeys(("erase", "reset", "delete", "wipe"), "clear"),
    **dict.fromkeys(("settings", "set", "setup", "configure"), "config"),
    **dict.fromkeys(("prepare", "field"), "arm"),
    **dict.fromkeys(("graph", "draw", "figure", "chart"), "plot"),
    **dict.fromkeys(("open", "window", "show"), "gui"),
    **dict.fromkeys(("play",), "replay"),
    **dict.fromkeys(("sim", "demo", "emulate"), "simulate"),
    **dict.fromkeys(("daemon", "background", "systemd"), "service"),
    **dict.fromkeys(("identify", "version", "status", "id"), "info"),
    **dict.fromkeys(("convert", "load"), "import"),
    **dict.fromkeys(("benchmark", "bench", "hyperfine", "energy", "compare"), "measure"),
    **dict.fromkeys(("uninstall", "rm"), "remove"),
}


class Formatter(click.HelpFormatter):
    """Bold headings and coloured terms; click removes colours where they cannot be shown."""

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading, bold=True)}:\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and their meanings."""
        coloured = [(click.style(term, fg="cyan"), meaning) for term, meaning in rows]
        super().write_dl(coloured, col_max, col_spacing)


class Context(click.Context):
    """A click context with our formatter, and without colour if NO_COLOR is set."""

    formatter_class = Formatter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_content_width", _WIDTH)
        super().__init__(*args, **kwargs)
        if os.environ.get("NO_COLOR"):
            self.color = False


def write_log(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Log to standard error if requested: for ``callback=`` of ``--debug``."""
    if wanted:
        ctx.ensure_object(dict)["debug"] = True
        handler = logging.StreamHandler()
        form = "%(asctime)s %(threadName)s %(name)s: %(message)s"
        handler.setFormatter(PrintableFormatter(form))
        # The file of the log may have set them before.
        logging.getLogger().addHandler(handler)
        for name in ("", "wattui"):
            logging.getLogger(name).setLevel(logging.DEBUG)


def _debug_option() -> click.Option:
    """Return the same option for a command, since people type it there too."""
    return click.Option(
        ["--debug"], is_flag=True, is_eager=True, expose_value=False, hidden=True,
        callback=write_log, help="Print a log to standard error, and tracebacks.",
    )  # fmt: skip


class ExplainedCommand(click.Command):
    """A command with examples below its help."""

    context_class = Context

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        tables: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        #: Headings, and terms with their meanings, above the examples.
        self.tables = dict(tables or {})
        #: Lines to type, and what they do.
        self.examples = tuple(examples)
        if all("--debug" not in one.opts for one in self.params):
            self.params.append(_debug_option())

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless it would write over something."""
        check_files(self, ctx.params)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables and the examples, then the epilog."""
        for heading, rows in self.tables.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
        if self.examples:
            with formatter.section("Examples"):
                for typed, meaning in self.examples:
                    indent = " " * formatter.current_indent
                    formatter.write(f"{indent}{click.style(typed, fg='cyan')}\n")
                    with formatter.indentation():
                        formatter.write_text(meaning)
        super().format_epilog(ctx, formatter)


class Group(ExplainedCommand, click.Group):
    """A command with commands of its own."""

    command_class = ExplainedCommand

    def summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Return names and first sentences of the commands."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return [
            (name, (one.help or "").partition("\n\n")[0].replace("\n", " ").rstrip("."))
            for name, one in found
            if one is not None
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, with summaries that are not cut off."""
        with formatter.section("Commands"):
            formatter.write_dl(self.summaries(ctx))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for a name that does not exist, suggest another."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is not None:
            return name, command, args[1:]
        known = self.list_commands(ctx)
        import difflib  # only for a name that does not exist

        near = [_MEANT[name.lower()]] if _MEANT.get(name.lower()) in known else []
        near = near or difflib.get_close_matches(name.lower(), known, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise click.UsageError(f"There is no command {name!r}.{meant}", ctx)


class Program(Group):
    """The whole program: one command for each module of :mod:`wattui.cli.commands`.

    A module is imported when its command runs.  Its name is the command's name, with
    ``_command`` appended where Python or another module needs the plain name; the first
    line of its docstring is shown in the list of commands.
    """

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are shown."""
        return [*_FIRST, *sorted(modules().keys() - set(_FIRST))]

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return the command of that name, importing its module."""
        module = modules().get(name)
        if module is None:
            return None
        found = vars(importlib.import_module(f"{commands.__name__}.{module.name}")).values()
        return next(one for one in found if isinstance(one, click.Command) and one.name == name)

    def summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Return names and summaries of the commands without importing any."""
        return [(name, summary(name)) for name in self.list_commands(ctx)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a session or a port instead of a command opens the window."""
        if args[0] not in modules() and is_port_or_session(args[0]):
            return "gui", self.get_command(ctx, "gui"), args
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:
        """Run a command line; in standalone mode, exit with its status."""
        run_click: Callable[..., object] = super().main
        if not standalone_mode:
            return run_click(*args, standalone_mode=False, **kwargs)
        options: dict[str, bool] = kwargs.setdefault("obj", {})

        def body() -> object:
            return run_click(*args, standalone_mode=False, **kwargs)

        status = exits.run(body, debug=lambda: bool(options.get("debug")))
        logging.getLogger(__name__).info("ended with exit code %d", status)
        raise SystemExit(status)


@functools.cache
def modules() -> dict[str, pkgutil.ModuleInfo]:
    """Return the modules of the commands by the names of the commands; none is imported."""
    found = pkgutil.iter_modules(commands.__path__)
    return {one.name.removesuffix("_command").replace("_", "-"): one for one in found}


def summary(name: str) -> str:
    """Return the first line of a module's docstring, for the list of commands."""
    module = modules()[name]
    finder: Any = module.module_finder
    source = finder.find_spec(module.name).loader.get_source(module.name)
    found = re.search(r'^"""(.+?)\.?(?:"""|$)', source or "", re.MULTILINE)
    return found[1] if found else ""


def is_port_or_session(text: str) -> bool:
    """Check whether this can only be a port or a file, not a command."""
    return "://" in text or text.startswith("/dev/") or Path(text).is_file()


def command(
    name: str,
    *,
    examples: Sequence[tuple[str, str]] = (),
    tables: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> Callable[[Callable[..., Any]], ExplainedCommand]:
    """Make a command of a function: :func:`click.command` with examples and tables."""
    return click.command(name, cls=ExplainedCommand, examples=examples, tables=tables)
