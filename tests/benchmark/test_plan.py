# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands, parameters and their order."""

from __future__ import annotations

import pytest

from wattui.benchmark.plan import MeasurementPlan, PlanError, make_commands, scan_values


def test_parameters_make_a_command_for_each_combination() -> None:
    found = make_commands(
        ["{cc} -j{n}"], parameters={"cc": ["gcc", "clang"], "n": ["1", "2"]}, prepare=["rm {cc}"]
    )
    assert [one.text for one in found] == ["gcc -j1", "gcc -j2", "clang -j1", "clang -j2"]
    assert [one.name for one in found] == [one.text for one in found]
    assert found[3].prepare == "rm clang"
    assert found[3].parameters == {"cc": "clang", "n": "2"}


def test_names_without_parameters_get_them() -> None:
    found = make_commands(["x {n}"], names=["fast"], parameters={"n": ["1", "2"]})
    assert [one.name for one in found] == ["fast (n = 1)", "fast (n = 2)"]
    (named,) = make_commands(["x {n}"], names=["fast {n}"], parameters={"n": ["1"]})
    assert named.name == "fast 1"


def test_prepare_is_for_all_commands_or_for_each() -> None:
    assert [one.prepare for one in make_commands(["a", "b"], prepare=["p"])] == ["p", "p"]
    assert [one.conclude for one in make_commands(["a", "b"], conclude=["p", "q"])] == ["p", "q"]
    with pytest.raises(PlanError, match="2 times for 3 commands"):
        make_commands(["a", "b", "c"], prepare=["p", "q"])


def test_plans_that_make_no_sense_are_refused() -> None:
    for texts, options in (
        ([], {}),
        (["a"], {"names": ["x", "y"]}),
        (["a"], {"parameters": {"n": [str(n) for n in range(2000)]}}),
    ):
        with pytest.raises(PlanError):
            make_commands(texts, **options)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="quotation"):
        MeasurementPlan((), shell_words=()).words("a 'b")
    with pytest.raises(PlanError, match="empty"):
        MeasurementPlan((), shell_words=()).words(" ")


def test_scans() -> None:
    assert scan_values("1", "4") == ["1", "2", "3", "4"]
    assert scan_values("0", "0.5", "0.25") == ["0", "0.25", "0.5"]
    assert scan_values("2", "2") == ["2"]
    for low, high, step in (("a", "2", "1"), ("3", "2", "1"), ("1", "2", "0"), ("0", "1e9", "1")):
        with pytest.raises(PlanError):
            scan_values(low, high, step)


def test_words_with_and_without_a_shell() -> None:
    assert MeasurementPlan(()).words("a 'b c'") == ["/bin/sh", "-c", "a 'b c'"]
    assert MeasurementPlan((), shell_words=()).words("a 'b c'") == ["a", "b c"]
