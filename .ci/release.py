# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release, as ``make release VERSION=0.2.0`` does.

Sets the version everywhere, commits and tags it, and builds the source distribution and the wheels
twice, which must give the same bytes. Everything happens in temporary worktrees: if a step fails,
branch, tags and ``dist`` are as before. Nothing is published; the command that does is printed.

The address of the project is that of the remote *origin*. Metadata and README of what is built link
to it; in the repository the links of README are relative.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Where hosts show a file of a tag, and where they serve a picture.
PAGES = {
    "github": ("{url}/blob/{tag}/{path}", "{url}/raw/{tag}/{path}"),
    "gitlab": ("{url}/-/blob/{tag}/{path}", "{url}/-/raw/{tag}/{path}"),
    "codeberg|gitea|forgejo": ("{url}/src/tag/{tag}/{path}", "{url}/raw/tag/{tag}/{path}"),
}


class ReleaseRefused(Exception):
    """Something must be done before a release; the message says what."""


def run(
    *command: str | Path, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a command and return its output without the last line break."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder or ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseRefused(f"{' '.join(map(str, command))} failed:\n{done.stdout.strip()}")
    return done.stdout.rstrip("\n")


def project_url(remote: str) -> str:
    """Return the address on the web of a remote repository."""
    match = re.fullmatch(
        r"(?:https?://|ssh://|git://)?(?:[^@/]*@)?([\w.-]+\.\w+)(?::\d+(?=/))?[:/](.+?)(?:\.git)?/?",
        remote,
    )
    if not match:
        raise ReleaseRefused(
            f"The remote origin, {remote or 'which is not set'}, has no address on the web.\n"
            "The README and the metadata of a release link to it. Set it: git remote add origin URL"
        )
    return f"https://{match[1]}/{match[2]}"


def pages_of(url: str) -> tuple[str, str]:
    """Return where the host of the project shows a file and serves a picture."""
    host = url.split("/")[2]
    for name, pages in PAGES.items():
        if re.search(name, host):
            return pages
    raise ReleaseRefused(f"Unknown host {host}: add to PAGES in {__file__} how its links look")


def with_absolute_links(text: str, url: str, tag: str) -> str:
    """Return a page of the project with links that work anywhere."""
    page, picture = pages_of(url)

    def absolute(match: re.Match[str]) -> str:
        link = picture if match[1].startswith("!") else page
        return f"{match[1]}({link.format(url=url, tag=tag, path=match[2])})"

    return re.sub(r"(!?\[[^\]]*\])\((?!\w+:|#)([^)\s]+)\)", absolute, text)


def with_project_urls(setup: str, url: str, tag: str) -> str:
    """Return setup.cfg with the addresses of the project."""
    page, _ = pages_of(url)
    issues = f"{url}/-/issues" if "/-/" in page else f"{url}/issues"
    lines = [
        f"url = {url}",
        "project_urls =",
        *(f"    Changelog = {page.format(url=url, tag=tag, path='CHANGELOG.md')}",),
        *(f"    Documentation = {page.format(url=url, tag=tag, path='docs/README.md')}",),
        f"    Issues = {issues}",
    ]
    return setup.replace("\nauthor = ", "\n" + "\n".join(lines) + "\nauthor = ", 1)


def released_changelog(text: str, version: str, date: str) -> str:
    """Return the changelog with the unreleased changes as those of this version."""
    heading = re.search(r"^## (?:\[[^]]*\] - Unreleased|\[Unreleased\])\n", text, re.M)
    if not heading or not re.match(r"\s*(?!## )\S", text[heading.end() :]):
        raise ReleaseRefused("CHANGELOG.md lists no unreleased changes; nothing to release")
    new = f"## [Unreleased]\n\n## [{version}] - {date}\n"
    return text[: heading.start()] + new + text[heading.end() :]


def set_version(folder: Path, version: str, date: str) -> None:
    """Write the version into every file that has it."""

    def change(name: str, *patterns: tuple[str, str]) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        for pattern, new in patterns:
            text, count = re.subn(pattern, new, text, count=1, flags=re.M)
            if not count:
                raise ReleaseRefused(f"{name} has no line that matches {pattern}")
        path.write_text(text, encoding="utf-8")

    change("wattui/__init__.py", (r"^__version__ = .*", f'__version__ = "{version}"'))
    dated = r"^version: .*\n(date-released: .*\n)?", f"version: {version}\ndate-released: {date}\n"
    change("CITATION.cff", dated)
    # Without the entry of a development version, or of this one.
    entry = f'<releases>\n    <release version="{version}" date="{date}"/>\n'
    old = rf'<releases>\n( *<release version="({re.escape(version)}"|[^>]*type="development").*\n)?'
    change("resources/wattui.metainfo.xml", (old, entry))
    changelog = folder / "CHANGELOG.md"
    text = released_changelog(changelog.read_text(encoding="utf-8"), version, date)
    changelog.write_text(text, encoding="utf-8")


def adapt(folder: Path, url: str, tag: str) -> None:
    """Make README and metadata of what is built from a folder link to the project."""
    readme, setup = folder / "README.md", folder / "setup.cfg"
    readme.write_text(with_absolute_links(readme.read_text(encoding="utf-8"), url, tag))
    setup.write_text(with_project_urls(setup.read_text(encoding="utf-8"), url, tag))


def repack(archive: Path, epoch: int) -> None:
    """Make the bytes of a source distribution the same whenever and wherever it is built."""
    plain = archive.with_suffix("")
    with tarfile.open(archive) as old, tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda one: one.name):
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = epoch
            member.pax_headers = {}
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed:
        packed.write(plain.read_bytes())
    plain.unlink()


def build(folder: Path, url: str, tag: str) -> dict[str, bytes]:
    """Build everything that is released from a worktree; return the files by name."""
    epoch = run("git", "log", "-1", "--format=%ct", folder=folder)
    env = {"SOURCE_DATE_EPOCH": epoch, "PYTHON": sys.executable, "PYTHONPATH": str(folder)}
    output = folder / "dist"
    adapt(folder, url, tag)
    run(folder / ".ci" / "build-man", "man", folder=folder, env=env)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, folder=folder, env=env)
    run(folder / ".ci" / "build-headless", output, folder=folder, env=env)
    for archive in output.glob("*.tar.gz"):
        repack(archive, int(epoch))
    return {path.name: path.read_bytes() for path in sorted(output.iterdir())}


def checked(version: str) -> str:
    """Return the address of the project; refuse if something is in the way of a release."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseRefused(f"{version!r} is not a version such as 0.2.0")
    if changed := run("git", "status", "--porcelain"):
        raise ReleaseRefused(f"Commit or remove these changes first:\n{changed}")
    if run("git", "tag", "--list", f"v{version}"):
        raise ReleaseRefused(f"Version {version} has been released: there is a tag v{version}")
    found = re.search(r'^__version__ = "(.*)"', (ROOT / "wattui" / "__init__.py").read_text(), re.M)
    assert found
    if [int(part) for part in version.split(".")] < [int(part) for part in found[1].split(".")]:
        raise ReleaseRefused(f"Version {version} is before {found[1]}, the present one")
    remotes = run("git", "remote").split()
    url = project_url(run("git", "remote", "get-url", "origin") if "origin" in remotes else "")
    pages_of(url)
    return url


def release(version: str, checks: bool) -> None:
    """Make the release."""
    url, tag = checked(version), f"v{version}"
    if checks and subprocess.run([ROOT / ".ci" / "run"], check=False).returncode:
        raise ReleaseRefused(".ci/run failed; mend what it reports first")
    now = int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.now(UTC).timestamp())
    date = datetime.fromtimestamp(now, UTC).date().isoformat()
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="wattui-release.") as temporary:
        first, second = Path(temporary, "first"), Path(temporary, "second")
        try:
            run("git", "worktree", "add", "--detach", first, "HEAD")
            set_version(first, version, date)
            run(
                "git",
                "commit",
                "--quiet",
                "--all",
                "-m",
                f"project: version {version}",
                folder=first,
            )
            commit = run("git", "rev-parse", "HEAD", folder=first)
            run("git", "worktree", "add", "--detach", second, commit)
            print("Building, twice", flush=True)
            files, again = build(first, url, tag), build(second, url, tag)
        finally:
            for folder in (first, second):
                shutil.rmtree(folder, ignore_errors=True)
            run("git", "worktree", "prune")
    if different := [name for name in files if files[name] != again.get(name)]:
        raise ReleaseRefused(f"Built twice, these files differ: {', '.join(different)}")
    run("git", "merge", "--ff-only", "--quiet", commit)
    run("git", "tag", "-a", tag, "-m", f"wattui {version}", commit)
    folder = ROOT / "dist" / tag
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    lines = [f"{digest}  {name}\n" for name, digest in hashes.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))
    print(f"Committed and tagged {tag}. Built twice with the same hashes, in {folder}:")
    print("".join(lines), end="")
    names = f"dist/{tag}/*.whl dist/{tag}/*.tar.gz"
    print(f"Publish it:\n\n    git push origin HEAD {tag} && .venv/bin/uv publish {names}")


def main() -> int:
    """Make a release, or say what is in the way; return the exit status."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="the version to release, such as 0.2.0")
    parser.add_argument("--without-checks", action="store_true", help="do not run .ci/run first")
    arguments = parser.parse_args()
    try:
        release(arguments.version, not arguments.without_checks)
    except ReleaseRefused as refused:
        print(f"release: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
