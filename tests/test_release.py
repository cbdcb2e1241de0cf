# SPDX-License-Identifier: GPL-3.0-or-later
"""A release sets one version everywhere, changes nothing if it fails, and publishes nothing.

``.ci/try-wheel`` makes a whole release of a copy; here nothing is built.
"""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "release.py"
URL = "https://gitlab.example.org/power/wattui"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

CHANGELOG = "# Changelog\n\n## [0.1.0] - Unreleased\n\n### Added\n\n- A window.\n"

#: What the files contain before the first release.
BEFORE_A_RELEASE = (
    ("wattui/__init__.py", r'__version__ = ".*"', '__version__ = "0.1.0"'),
    ("CITATION.cff", r"\nversion: .*\n(date-released: .*\n)?", "\nversion: 0.1.0\n"),
    (
        "resources/wattui.metainfo.xml",
        r"(?s)<releases>.*</releases>",
        '<releases>\n    <release version="0.1.0" date="2026-01-01" type="development"/>\n'
        "  </releases>",
    ),
)


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run([*command, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wattui_release", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, release: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with the files of the project that a release changes."""
    folder = tmp_path / "project"
    for name in (
        *("wattui/__init__.py", "resources/wattui.metainfo.xml", "CITATION.cff"),
        *("README.md", "setup.cfg"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    (folder / ".gitignore").write_text("dist/\n")
    for name, pattern, new in BEFORE_A_RELEASE:
        text, count = re.subn(pattern, new, (folder / name).read_text(encoding="utf-8"))
        assert count == 1, name
        (folder / name).write_text(text, encoding="utf-8")
    _git(tmp_path, "init", "--quiet", "project")
    for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
        _git(folder, "config", key, value)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", "everything")
    _git(folder, "remote", "add", "origin", f"{URL}.git")
    monkeypatch.setattr(release, "ROOT", folder)
    monkeypatch.setattr(release, "build", lambda *_: {"wattui-0.2.0.tar.gz": b"all of it"})
    return folder


def _state(folder: Path) -> tuple[str, ...]:
    worktrees = _git(folder, "worktree", "list")
    return (_git(folder, "rev-parse", "HEAD"), _git(folder, "tag"), worktrees)


def test_a_release_sets_one_version_tags_it_and_writes_hashes(
    release: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release.release("0.2.0", checks=False)
    assert _git(project, "status", "--porcelain") == ""
    assert _git(project, "tag", "--points-at", "HEAD") == "v0.2.0\n"
    assert len(_git(project, "worktree", "list").splitlines()) == 1
    versions = {
        "wattui/__init__.py": r'__version__ = "(.*)"',
        "CITATION.cff": r"(?m)^version: (.*)$",
        "resources/wattui.metainfo.xml": r'<release version="(.*?)" date="\d{4}-\d\d-\d\d"/>',
        "CHANGELOG.md": r"## \[Unreleased\]\n\n## \[(.*)\] - \d{4}-\d\d-\d\d\n\n### Added\n",
    }
    for name, pattern in versions.items():
        assert re.findall(pattern, (project / name).read_text(encoding="utf-8")) == ["0.2.0"], name
    assert re.search(r"\ndate-released: \d{4}-\d\d-\d\d\n", (project / "CITATION.cff").read_text())
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=project / "dist/v0.2.0", check=True)
    printed = capsys.readouterr().out
    assert "git push origin HEAD v0.2.0 && .venv/bin/uv publish dist/v0.2.0/*.whl" in printed


def test_the_next_release_is_listed_above_the_one_before(
    release: ModuleType, project: Path
) -> None:
    release.release("0.2.0", checks=False)
    changelog = project / "CHANGELOG.md"
    text = changelog.read_text()
    changelog.write_text(text.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- It.\n"))
    _git(project, "commit", "--quiet", "--all", "-m", "fix")
    release.release("0.2.1", checks=False)
    headings = re.findall(r"^## \[(.*?)\]", changelog.read_text(), re.M)
    assert headings == ["Unreleased", "0.2.1", "0.2.0"]
    metainfo = (project / "resources" / "wattui.metainfo.xml").read_text()
    assert re.findall(r'<release version="(.*?)"', metainfo) == ["0.2.1", "0.2.0"]
    assert (project / "CITATION.cff").read_text().count("date-released") == 1


def _untidy(project: Path) -> None:
    (project / "README.md").write_text("changed")


def _tagged(project: Path) -> None:
    _git(project, "tag", "v0.2.0")


def _without_remote(project: Path) -> None:
    _git(project, "remote", "remove", "origin")


def _remote_without_address(project: Path) -> None:
    _git(project, "remote", "set-url", "origin", "/srv/git/wattui")


def _without_changes(project: Path) -> None:
    (project / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n"
    )
    _git(project, "commit", "--quiet", "--all", "-m", "released")


@pytest.mark.parametrize(
    ("prepare", "version", "words"),
    [
        (_untidy, "0.2.0", "README.md"),
        (_tagged, "0.2.0", "there is a tag v0.2.0"),
        (_without_remote, "0.2.0", "git remote add origin URL"),
        (_remote_without_address, "0.2.0", "no address on the web"),
        (_without_changes, "0.2.0", "no unreleased changes"),
        (lambda _: None, "0.2", "not a version such as"),
        (lambda _: None, "0.0.9", "before 0.1.0"),
    ],
)
def test_what_is_in_the_way_of_a_release_is_named_and_nothing_changes(
    release: ModuleType, project: Path, prepare: Any, version: str, words: str
) -> None:
    prepare(project)
    before = _state(project)
    with pytest.raises(release.ReleaseRefused, match=words):
        release.release(version, checks=False)
    assert _state(project) == before


def test_a_build_that_differs_the_second_time_is_not_released(
    release: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _state(project)
    built = iter((b"one", b"two"))
    monkeypatch.setattr(release, "build", lambda *_: {"wattui.whl": next(built)})
    with pytest.raises(release.ReleaseRefused, match=r"these files differ: wattui.whl"):
        release.release("0.2.0", checks=False)
    assert _state(project) == before


def test_a_release_waits_for_the_checks(
    release: ModuleType, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / ".ci").mkdir()
    checks = project / ".ci" / "run"
    checks.write_text("#!/bin/sh\necho checked\nexit 1\n")
    checks.chmod(0o755)
    _git(project, "add", "--all")
    _git(project, "commit", "--quiet", "-m", "checks")
    with pytest.raises(release.ReleaseRefused, match=r"\.ci/run failed"):
        release.release("0.2.0", checks=True)
    assert "checked" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/a/wattui.git", "https://github.com/a/wattui"),
        ("https://someone:secret@github.com/a/wattui", "https://github.com/a/wattui"),
        ("git@github.com:a/wattui.git", "https://github.com/a/wattui"),
        ("ssh://git@gitlab.com:2222/a/b/wattui.git", "https://gitlab.com/a/b/wattui"),
    ],
)
def test_the_address_of_the_project_is_that_of_its_remote(
    release: ModuleType, remote: str, url: str
) -> None:
    assert release.project_url(remote) == url


@pytest.mark.parametrize(
    ("url", "page", "picture"),
    [
        ("https://github.com/a/w", "/blob/v1/docs/README.md", "/raw/v1/docs/images/window.png"),
        (URL, "/-/blob/v1/docs/README.md", "/-/raw/v1/docs/images/window.png"),
        (
            "https://codeberg.org/a/w",
            "/src/tag/v1/docs/README.md",
            "/raw/tag/v1/docs/images/window.png",
        ),
    ],
)
def test_links_and_picture_of_the_readme_work_where_the_package_is_shown(
    release: ModuleType, url: str, page: str, picture: str
) -> None:
    text = "[Guide](docs/README.md) ![Window](docs/images/window.png) [top](#top) [web](http://a/b)"
    assert re.findall(r"\((.*?)\)", release.with_absolute_links(text, url, "v1")) == [
        url + page,
        url + picture,
        "#top",
        "http://a/b",
    ]


def test_an_unknown_host_is_refused(release: ModuleType) -> None:
    with pytest.raises(release.ReleaseRefused, match=r"Unknown host git\.example\.org"):
        release.pages_of("https://git.example.org/a/wattui")


def test_the_metadata_name_the_addresses(release: ModuleType) -> None:
    setup = release.with_project_urls((ROOT / "setup.cfg").read_text(), URL, "v1")
    assert f"\nurl = {URL}\n" in setup
    assert f"\n    Issues = {URL}/-/issues\n" in setup


def test_a_source_distribution_has_the_same_bytes_from_any_machine(
    release: ModuleType, tmp_path: Path
) -> None:
    """Neither names, times nor the order of its files tell where it was built."""
    packed = []
    for number, names in enumerate((("a", "b"), ("b", "a"))):
        archive = tmp_path / f"{number}.tar.gz"
        with tarfile.open(archive, "w:gz") as new:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uid = 1, 1000 + number, number
                member.uname, member.mode = str(number), 0o600 | number * 0o064
                new.addfile(member, io.BytesIO(name.encode()))
        release.repack(archive, 1_700_000_000)
        packed.append(archive.read_bytes())
        with tarfile.open(archive) as read:
            assert [(one.name, read.extractfile(one).read()) for one in read] == [  # type: ignore[union-attr]
                ("a", b"a"),
                ("b", b"b"),
            ]
    assert packed[0] == packed[1]
