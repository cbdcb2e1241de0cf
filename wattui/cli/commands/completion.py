# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a script that lets a shell complete commands, options and ports."""

from __future__ import annotations

from typing import Final

import click

from wattui.cli.help import command

_SHELLS: Final = ("bash", "zsh", "fish")

_EXAMPLES = (
    (
        "wattui completion bash > ~/.local/share/bash-completion/completions/wattui",
        "For bash; its folder may have to be made first.",
    ),
    ("wattui completion zsh > ~/.zfunc/_wattui", "For zsh, with ~/.zfunc in its fpath."),
    ("wattui completion fish > ~/.config/fish/completions/wattui.fish", "For fish."),
)


@command("completion", examples=_EXAMPLES)
@click.argument("shell", type=click.Choice(_SHELLS), metavar="bash|zsh|fish")
def completion(shell: str) -> None:
    """Print a script that lets a shell complete commands, options and ports.

    Save it where the shell looks for such scripts, and open a new shell.
    """
    from click.shell_completion import get_completion_class

    from wattui.cli.program import program

    kind = get_completion_class(shell)
    assert kind is not None, "click completes in these shells"
    click.echo(kind(program, {}, "wattui", "_WATTUI_COMPLETE").source())
