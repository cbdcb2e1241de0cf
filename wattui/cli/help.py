# SPDX-License-Identifier: GPL-3.0-or-later
"""Help in colour and with examples, and commands that are imported when they run."""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import click

from wattui.cli import exits

_WIDTH: Final = 100


class Formatter(click.HelpFormatter):
    """Bold headings and coloured terms; click takes the colour out where it cannot be shown."""

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading, bold=True)}:\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and what they mean."""
        coloured = [(click.style(term, fg="cyan"), meaning) for term, meaning in rows]
        super().write_dl(coloured, col_max, col_spacing)


class Context(click.Context):
    """A click context with our formatter, and without colour where NO_COLOR says so."""

    formatter_class = Formatter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_content_width", _WIDTH)
        super().__init__(*args, **kwargs)
        if os.environ.get("NO_COLOR"):
            self.color = False


class Command(click.Command):
    """A command with examples below its help."""

    context_class = Context

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **kwargs)
        #: What one can type, and what it does.
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the epilog."""
        if self.examples:
            with formatter.section("Examples"):
                for typed, meaning in self.examples:
                    indent = " " * formatter.current_indent
                    formatter.write(f"{indent}{click.style(typed, fg='cyan')}\n")
                    with formatter.indentation():
                        formatter.write_text(meaning)
        super().format_epilog(ctx, formatter)


class Group(Command, click.Group):
    """Commands by name, each imported when it is asked for."""

    def __init__(self, *args: Any, lazy: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names in the order in which they are shown."""
        return list(self._lazy)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Give the command of that name, importing its module."""
        if name not in self._lazy:
            return None
        module, _, attribute = self._lazy[name].partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), attribute))


class Program(Group):
    """The whole program, which ends with our exit codes."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a session or a port in its place is for the window."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is not None:
            return name, command, args[1:]
        if is_port_or_session(name):
            return "gui", self.get_command(ctx, "gui"), args
        near = difflib.get_close_matches(name, self.list_commands(ctx), 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise click.UsageError(f"There is no command {name!r}.{meant}", ctx)

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:
        """Run a command line; where it stands alone, leave with its exit status."""
        run_click: Callable[..., object] = super().main
        if not standalone_mode:
            return run_click(*args, standalone_mode=False, **kwargs)
        options: dict[str, bool] = {}
        kwargs.setdefault("obj", options)

        def body() -> object:
            return run_click(*args, standalone_mode=False, **kwargs)

        raise SystemExit(exits.run(body, debug=lambda: bool(options.get("debug"))))


def is_port_or_session(text: str) -> bool:
    """Tell whether this can only be a port or a file, and no command."""
    return "://" in text or text.startswith("/dev/") or Path(text).is_file()


def command(
    name: str, *, examples: Sequence[tuple[str, str]] = ()
) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function: :func:`click.command` with examples."""
    return click.command(name, cls=Command, examples=examples)
