# SPDX-License-Identifier: GPL-3.0-or-later
"""A Watts up? in software, which other programs cannot distinguish from a real one.

``simulated_meter``
    :class:`SimulatedMeter`: bytes in, bytes out, with an injected clock.
``meter_hardware``, ``meter_setup``
    The meter without its commands; how it is set up when it is made.
``command_handlers``
    What it does and answers for each command.
``display``, ``record_memory``, ``line``, ``network``
    Readings into records; the memory; the wire; addresses, posts and relay of a .NET.
``loads``, ``replays``
    What is plugged in: a simulated load, or records of the past.
``faults``
    Faults on request.
``sim_url``, ``devices``
    ``sim://`` URLs, and the meters that they have opened in this process.
``pty_server``
    Serves meters on ptys.  Not on Windows, so import it only where it is needed.
"""

from wattui.simulator.sim_url import meter_from_url
from wattui.simulator.simulated_meter import SimulatedMeter

__all__ = ["SimulatedMeter", "meter_from_url"]
