# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters on ports: find and identify them, record live, send commands, reconnect.

``meter_client``
    :class:`MeterClient`: one meter and its reader thread. Start here.
``sample_stream``
    :func:`meter`: the samples of one meter, to iterate over.
``states``
    The states of a client, and which state may follow which.
``discovery``, ``reconnect``
    The baud rate, and whether it is a meter: :func:`identify`; its port after reconnecting.
``link``, ``live``, ``sampler``, ``watchdog``
    Commands out and replies in; records on; records to samples; silence.
``requests``, ``conversation``
    One question and its answer; many of them, undisturbed.

A meter logs either into its memory or over the wire: live recording ends internal
logging, and only what erases the memory starts that again.  ``MeterClient(url,
live=False)`` sends commands to a meter without disturbing it.
"""

from wattui.client.conversation import Conversation
from wattui.client.discovery import Identified, identify
from wattui.client.meter_client import CONNECTING, MeterClient
from wattui.client.sample_stream import SampleStream, meter
from wattui.client.states import ClientState, WrongTransition
from wattui.client.watchdog import Timing

__all__ = [
    "CONNECTING",
    "ClientState",
    "Conversation",
    "Identified",
    "MeterClient",
    "SampleStream",
    "Timing",
    "WrongTransition",
    "identify",
    "meter",
]
