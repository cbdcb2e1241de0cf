# SPDX-License-Identifier: GPL-3.0-or-later
"""A shell completes commands, options and ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from wattui.cli.program import program as wattui_program


def script(shell: str) -> str:
    result = CliRunner().invoke(wattui_program, ["completion", shell])
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("wattui re", {"repair", "replay", "report"}),
        ("wattui log --status", {"--status-file"}),
        ("wattui info sim", {"sim://pro", "sim://es", "sim://net"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: str, offered: set[str]) -> None:
    # What pip installs: the completion goes by the name of the program.
    lines = f"#!{sys.executable}\nfrom wattui.cli import main\nmain()\n"
    (tmp_path / "wattui").write_text(lines)
    (tmp_path / "wattui").chmod(0o755)
    (tmp_path / "completion").write_text(script("bash"))
    parts = words.split()
    session = [
        f"source {tmp_path / 'completion'}",
        f"COMP_WORDS=({words}) COMP_CWORD={len(parts) - 1}",
        "_wattui_completion wattui",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(session)],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str) -> None:
    assert f"_WATTUI_COMPLETE={shell}_complete" in script(shell)
