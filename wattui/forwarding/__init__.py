# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples to where data already is: the session file is the outbox.

What is on disk is sent from there, in order and at least once: a :class:`Forwarder` remembers per
target how far each session was sent, and goes on from there after an outage or a restart.  It
reads the file on its own thread, so that a slow target never delays a recording.
"""

from wattui.forwarding.cursors import Cursors
from wattui.forwarding.forwarder import Forwarder
from wattui.forwarding.open_target import open_target
from wattui.forwarding.target import Batch, Target

__all__ = ["Batch", "Cursors", "Forwarder", "Target", "open_target"]
