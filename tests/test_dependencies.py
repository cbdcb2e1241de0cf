# SPDX-License-Identifier: GPL-3.0-or-later
"""The pinned dependencies of a release, and the audit of them in CI."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
AUDIT = ROOT / ".ci" / "audit"

pytestmark = pytest.mark.skipif(not AUDIT.exists(), reason="an installed copy has no .ci")


def pinned() -> dict[str, tuple[str, int]]:
    """Return the version and the number of hashes of each pinned dependency."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if start := re.match(r"([\w.-]+)==(\S+)", line):
            name = start[1].lower()
            found[name] = start[2], 0
        elif "--hash=sha256:" in line:
            found[name] = found[name][0], found[name][1] + 1
    return found


def test_every_dependency_is_pinned_with_hashes() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lock = pinned()
    for line in setup["options"]["install_requires"].split("\n"):
        if line.strip():
            wanted = Requirement(line)
            version, _hashes = lock[wanted.name.lower()]
            assert wanted.specifier.contains(version), f"{line}: run `make lock`"
    assert min(hashes for _version, hashes in lock.values()) > 0


def audit(folder: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """Run the audit with a pip-audit that says this."""
    (folder / "pip_audit.py").write_text(answer)
    return subprocess.run(
        [sys.executable, str(AUDIT), str(ROOT / "requirements.lock")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


KNOWN = {"id": "PYSEC-1", "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    ("dependencies", "status", "words"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "1 dependencies looked up"),
        ([{"name": "a", "version": "1", "vulns": [KNOWN]}], 1, "a 1: PYSEC-1, fixed in 2.0"),
        ([{"name": "a", "skip_reason": "not found"}], 0, "skipped"),
        ([], 0, "skipped"),
    ],
)
def test_the_audit_fails_for_a_known_vulnerability_only(
    tmp_path: Path, dependencies: list[object], status: int, words: str
) -> None:
    answer = json.dumps({"dependencies": dependencies})
    done = audit(tmp_path, f"print({answer!r})")
    assert done.returncode == status
    assert words in done.stdout + done.stderr


def test_the_audit_without_a_network_is_skipped_with_a_message(tmp_path: Path) -> None:
    done = audit(tmp_path, "raise SystemExit('ConnectionError: Failed to resolve pypi.org')")
    assert done.returncode == 0
    assert "no database of vulnerabilities can be reached" in done.stderr


def test_an_audit_that_fails_is_not_a_success(tmp_path: Path) -> None:
    done = audit(tmp_path, "raise SystemExit('the lock is broken')")
    assert done.returncode == 1
    assert "pip-audit failed: the lock is broken" in done.stderr
