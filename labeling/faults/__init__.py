"""Faults planted into labels, on purpose and by seed, with a ledger of what was planted where."""

from labeling.faults.in_project import ledger_path, plant_in_project
from labeling.faults.in_tracks import plant_in_tracks, rows_of_tracks
from labeling.faults.planting import LABEL_FAULTS, TRACK_FAULTS, plant_in_table

__all__ = [
    "LABEL_FAULTS",
    "TRACK_FAULTS",
    "ledger_path",
    "plant_in_project",
    "plant_in_table",
    "plant_in_tracks",
    "rows_of_tracks",
]
