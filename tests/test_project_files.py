# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that tell others about the project: one version, a citation, forms for issues."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml

import wattui

ROOT = Path(__file__).resolve().parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def _yaml(path: Path) -> dict[str, Any]:
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def test_the_package_the_changelog_the_citation_and_the_metainfo_have_one_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    metainfo = ElementTree.parse(ROOT / "resources" / "wattui.metainfo.xml")
    releases = metainfo.findall("releases/release")
    found = {
        "changelog": re.findall(r"^## \[(\d.*?)\]", changelog, re.M)[0],
        "citation": str(_yaml(ROOT / "CITATION.cff")["version"]),
        "metainfo": releases[0].get("version"),
    }
    assert found == dict.fromkeys(found, wattui.__version__)


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    """``make release`` turns the first heading into that of a version with its date."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Changelog"
    versions = [line for line in lines if line.startswith("## ")]
    unreleased = r"## (\[Unreleased\]|\[\d+\.\d+\.\d+\] - Unreleased)"
    assert re.fullmatch(unreleased, versions[0])
    for line in versions[1:]:
        assert re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", line)
    kinds = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_citation_has_what_its_format_requires() -> None:
    citation = _yaml(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["title"] == "wattui"
    assert citation["authors"] == [{"name": "The wattui developers"}]
    assert citation["license"] == "GPL-3.0-or-later"


#: The elements of GitHub's issue forms, with what their attributes must and may have.
ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.name
)
def test_the_form_of_an_issue_is_one_that_github_shows(path: Path) -> None:
    form = _yaml(path)
    assert {"name", "description", "body"} <= set(form)
    assert set(form) <= {"name", "description", "body", "labels", "title", "assignees", "projects"}
    for element in form["body"]:
        required, optional = ELEMENTS[element["type"]]
        attributes = set(element["attributes"])
        assert required <= attributes <= required | optional
        assert set(element) <= {"type", "id", "attributes", "validations"}
        assert re.fullmatch(r"[\w-]+", element.get("id", "none"))
        assert set(element.get("validations", {})) <= {"required"}
    questions = [element for element in form["body"] if element["type"] != "markdown"]
    for unique in (
        [one["id"] for one in questions],
        [one["attributes"]["label"] for one in questions],
    ):
        assert len(set(unique)) == len(questions) > 0
    assert any("`wattui doctor`" in one["attributes"]["label"] for one in questions)


def test_there_are_forms_for_a_bug_and_for_a_meter() -> None:
    assert [path.name for path in FORMS] == ["bug.yml", "config.yml", "meter.yml"]
