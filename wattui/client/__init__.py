# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters on ports: found, identified, recorded live, asked, and found again.

``client``
    :class:`MeterClient`: one meter and its reader thread. Start here.
``states``
    What a client can be doing, and what may follow what.
``opening``
    Which speed, and is it a meter at all; :func:`identify`.
``live``, ``sampler``, ``watchdog``
    Records on; records to samples; silence.
``requests``, ``conversation``
    One question and its answer; many of them, undisturbed.
``readout``, ``settings``
    The meter's own memory, and what can be set.

A meter logs either into its memory or over the wire: live recording ends internal
logging, and only what erases the memory starts that again.  ``MeterClient(url,
live=False)`` asks a meter without disturbing it.
"""

from wattui.client.conversation import Conversation
from wattui.client.discovery import Identified, identify
from wattui.client.meter_client import MeterClient
from wattui.client.states import ClientState, WrongTransition
from wattui.client.watchdog import Timing

__all__ = [
    "ClientState",
    "Conversation",
    "Identified",
    "MeterClient",
    "Timing",
    "WrongTransition",
    "identify",
]
