# SPDX-License-Identifier: GPL-3.0-or-later
"""What a meter measures: fields, samples, events, energy and time. Pure."""
