# SPDX-License-Identifier: GPL-3.0-or-later
"""No name gets through to a report that others read, and one name has one placeholder."""

from __future__ import annotations

import re
import traceback

import pytest
from hostile_texts import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.text import printable
from wattui.report.anonymous import Anonymous

#: Letters of names; a placeholder has the others.
_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters="<>…"
)
_NAMES = st.text(_LETTERS, min_size=1, max_size=20)
_ANY = st.text(max_size=30)


@given(
    user=_NAMES, computer=_NAMES, serial=_NAMES, label=_NAMES, before=_ANY, after=_ANY,
    folded=st.sampled_from([str, str.upper, str.lower]),
)  # fmt: skip
def test_no_name_gets_through(user, computer, serial, label, before, after, folded) -> None:
    home = f"/home/{user}"
    names = {"user": user, "home": home, "computer": computer, "serial": serial, "meter": label}
    without = Anonymous({kind: [name] for kind, name in names.items()})
    lines = [
        f"{before} {home}/x y.wattui {after}",
        f"{computer} {user} {serial} {folded(label)}",
        f'File "{home}/lib/python3.11/site-packages/wattui/{user}.py"',
        f"sim://pro?serial={serial} http://{user}@{computer}/x",
        repr({"name": label, "port": f"/dev/{serial}"}),
    ]
    shown = without("\n".join(lines))
    left = re.sub(r"<[a-z]+(?: \d+)?>", "<>", shown)
    for name in (home, user, computer, serial, label):
        words = r"(?<![^\W_]){}(?![^\W_])" if len(name) < 4 else "{}"
        # What every line of this test says is not a secret.
        if name.casefold() in "\n".join(one.format("") for one in _FRAME).casefold():
            continue
        if name.casefold() in printable(f"{before} {after}").casefold():
            continue
        assert not re.search(words.format(re.escape(printable(name))), left, re.IGNORECASE)


_FRAME = (
    "/home/{}/x y.wattui",
    'File "/home/lib/python3.11/site-packages/wattui/.py"',
    "sim://pro?serial= http://@/x",
    "'name': 'port': '/dev/'",
)


def test_a_name_has_the_same_placeholder_everywhere() -> None:
    without = Anonymous({"meter": ["fridge", "oven"], "user": ["anna"]})
    text = "oven, fridge, Oven; anna at /srv/a and /srv/b, then /srv/a"
    assert without(text) == (
        "<meter 1>, <meter 2>, <meter 1>; <user> at <path 1> and <path 2>, then <path 1>"
    )
    assert without("fridge") == "<meter 2>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/Anna's lab/2026-11-26 11.55.45 PRO X.wattui: full", "<path 1>: full"),
        ("2026-11-26 11.55.45 Anna's fridge.wattui", "<path 1>"),
        ("cannot open '/srv/my lab/x.csv'", "cannot open '<path 1>'"),
        ("/dev/ttyUSB0 and /etc/udev/rules.d", "/dev/ttyUSB0 and /etc/udev/rules.d"),
        ("/dev/serial/by-id/usb-FTDI_A80012-if00", "<port 1>"),
        ("mqtt://logger@broker.lab/lab, socket://10.0.0.7:4000",
         "mqtt://<address 1>, socket://<address 2>"),
        ("anna@example.org at 10.0.0.7", "<address 1> at <address 2>"),
        ("PRO A8001234: recording", "PRO <serial 1>: recording"),
        ("sim://pro?speed=20&serial=A1 at 11:55:45,074", "sim://pro?speed=20&serial=<serial 1> "
         "at 11:55:45,074"),
        ("5 W and/or 3 V, 1/2", "5 W and/or 3 V, 1/2"),
        (r"C:\Users\anna\x.csv", "<path 1>"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ],
)  # fmt: skip
def test_what_is_a_name_by_its_form(text: str, shown: str) -> None:
    assert Anonymous({})(text) == shown


def test_the_names_of_a_users_folders_are_not_in_a_traceback_but_its_files_are() -> None:
    without = Anonymous({"user": ["anna"]})
    try:
        raise ValueError("anna")
    except ValueError:
        shown = without(traceback.format_exc())
    assert "ValueError: <user>" in shown
    place = "/home/anna/proj/wattui/session/writer.py"
    assert without(f'File "{place}", line 3') == 'File "…/wattui/session/writer.py", line 3'


def test_a_hostile_name_is_replaced_as_it_is_shown() -> None:
    without = Anonymous({"meter": [HOSTILE], "user": [""], "computer": [" "]})
    assert without(f"{HOSTILE}: lost {HOSTILE!r}") == '<meter>: lost "<meter>"'


def test_a_short_name_is_replaced_where_it_is_a_word() -> None:
    assert Anonymous({"user": ["pi"]})("pi: pip, spi, /x pi") == "<user>: pip, spi, <path 1> <user>"
