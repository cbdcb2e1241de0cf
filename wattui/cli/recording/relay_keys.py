# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of the live view that switch the load of a meter that posts, after a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wattui.cli.recording.recording import Recording, Track
from wattui.errors import LinkLost

#: What the live view says about these keys.
HOW_TO_SWITCH: Final = "r switches a load."

_MOST: Final = 9


class RelayKeys:
    """Takes the keys r, 1 to 9 and y.  Main thread only."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._choice: Sequence[Track] = ()
        self._chosen: Track | None = None
        # Whether the load of the chosen meter would be switched off.
        self._open = False

    @property
    def usable(self) -> bool:
        """Whether any meter has a relay."""
        return bool(self._with_relay())

    @property
    def question(self) -> str:
        """What is asked; empty for nothing."""
        if self._chosen is not None:
            way = "off" if self._open else "on"
            return f"Switch the load of {self._chosen.label} {way}? y: yes, any other key: no"
        if self._choice:
            names = ", ".join(f"{n}: {one.label}" for n, one in enumerate(self._choice, 1))
            return f"Switch the load of which meter? {names}, any other key: none"
        return ""

    def take(self, keys: str) -> str:
        """Take the keys that are meant for a question; return the others."""
        left = ""
        for key in keys:
            if self._chosen is not None:
                self._answer(key)
            elif self._choice:
                self._pick(key)
            elif key in "rR":
                self._ask()
            else:
                left += key
        return left

    def _with_relay(self) -> list[Track]:
        return [
            one for one in self._recording.tracks if one.relay_open is not None and not one.done
        ][:_MOST]

    def _ask(self) -> None:
        found = self._with_relay()
        if len(found) == 1:
            self._choose(found[0])
        else:
            self._choice = found

    def _pick(self, key: str) -> None:
        choice, self._choice = self._choice, ()
        if key.isascii() and key.isdigit() and 1 <= int(key) <= len(choice):
            self._choose(choice[int(key) - 1])

    def _choose(self, track: Track) -> None:
        self._chosen = track
        # A switch that is not confirmed yet is taken back.
        present = track.relay_open if track.relay_wanted is None else track.relay_wanted
        self._open = not present

    def _answer(self, key: str) -> None:
        track, self._chosen = self._chosen, None
        if track is not None and key in "yY":
            try:
                track.client.switch_relay(open_=self._open)
            except LinkLost:
                return  # its state shows it
