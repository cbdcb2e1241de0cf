# SPDX-License-Identifier: GPL-3.0-or-later
"""A Watts up? in software, which other programs take for a real one.

``meter``       :class:`SimulatedMeter`: the device; bytes in, bytes out, an injected clock
``answers``     what it does and answers to each command
``setup``       how it is set up when it is made
``agenda``      its events, in the order of their times
``models``      the models: memory, versions, banners
``memory``      its record memory, and what happens when that is full
``display``     readings into records: counters, extremes, roundings
``loads``       what is plugged into it
``replay``      a capture of a real meter in place of a load
``line``        the wire: pacing by the baud rate, line ends, spoiled bytes
``faults``      what goes wrong on request
``network``     addresses, HTTP posting and relay of a .NET
``url``         ``sim://`` URLs
``devices``     the meters that ``sim://`` URLs of this process have opened
``pty_server``  serves meters on ptys; not on Windows, so import it where it is needed
"""

from wattui.simulator.sim_url import meter_from_url
from wattui.simulator.simulated_meter import SimulatedMeter

__all__ = ["SimulatedMeter", "meter_from_url"]
