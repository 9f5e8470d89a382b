"""Why an entry was refused, in words that stay the same: programs tell causes apart by them, pages translate them."""

from __future__ import annotations

from typing import Literal

Param = str | float | None
"""What a text about a cause needs: a name, a figure, a time (UTC text); None: not known, or it goes on."""

Cause = Literal[
    # one value
    "missing",
    "not_known_here",
    "not_a_number",
    "not_a_whole_number",
    "not_a_time",
    "not_text",
    "not_a_choice",
    "not_written_so",
    "at_least",
    "at_most",
    "above",
    "below",
    "out_of_range",
    "too_short",
    "too_long",
    "too_few",
    "too_many",
    "control_character",
    "time_impossible",
    "day_unknown",
    "day_outside",
    "end_before_start",
    "too_many_days",
    # what is named and is not there
    "module_unknown",
    "station_unknown",
    "camera_unknown",
    "operator_unknown",
    "shift_unknown",
    "lost_time_code_unknown",
    "cycle_unknown",
    "entry_unknown",
    # what contradicts what is there
    "operator_taken",
    "operator_inactive",
    "assignment_overlaps",
    "shift_overlaps",
    "shift_taken",
    "order_overlaps",
    "already_ended",
    "threshold_order",
    "cycle_running",
    "cycle_rejected",
    "cycle_elsewhere",
    "cycle_checked",
    "cycle_not_checked",
    "cycle_overridden",
    "cycle_not_overridden",
    "key_reused",
    # zones
    "zone_corners",
    "zone_crosses",
    "zone_corner_twice",
    "zone_without_area",
    "zone_outside",
    "zone_kinds",
    "zone_camera",
    "cycle_limits",
    "zones_changed",
    "demo_plant",
    "plant_file",
]
