# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that vulture takes for unused, and are used: see ``[tool.vulture]``."""

# ruff: noqa: F821, B018
# mypy: ignore-errors

# Public, for programs that use wattui.
_.above_idle
_.above_idle_error
_.add_samples
_.error_joules
_.to_pandas
_.meter_cost
_.product_id
_.session_stop
_.vendor_id
_.volt_amps

# Commands of the protocol that wattui itself does not send.
read_field_names
start_tcp_logging
test_flash

# Observed by its name.
_.leaving

# For tests: what a person does to a meter, and what has happened.
_.drawn_width
_.frames
_.paused
_.power_off
_.power_on
_.reading_out
_.to_wire
_.wait_for_post
FORMATS
forget_devices

# Traits that a view names in a string, or that others observe.
_.cell_wanted
_.name_wanted
_.edited
_.fetch_ended
_.handling_sentence
_.has_port
_.has_selection
_.has_session
_.interval_free
_.intervals
_.introduction
_.shows_figures
_.live_label
_.logging_words
_.logs_inside
_.memory_busy
_.port_chosen
_.ports_wanted
_.revision
_.working

# Members of enumerations that are looked up by value.
_.WEEK

# Found by a name in a string, or set for a library.
_._repr_svg_
_.application_data
_.attrs
_.lessThan
_.application_home
_.company
_.overflow
_.panes
_.time_axis
_.updated
_._window
bench_view
meter_view

# Called by pytest by their names.
pytest_addoption
pytest_configure
pytest_pyfunc_call
pytest_terminal_summary
pytest_unconfigure

# Called by the logging module.
_.enqueue
_.handleError

# Read by pyserial.
_._ignore_set_control_answer
