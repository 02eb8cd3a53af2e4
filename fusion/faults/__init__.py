"""Faults planted into what sensors delivered, on purpose and by seed, with a ledger of what was planted where."""

from fusion.faults.ledger import Ledger, Planted, Skipped, ledger_to_json, read_ledger, write_ledger
from fusion.faults.sensors import SENSOR_FAULTS, SensorFault, plant_in_source

__all__ = [
    "SENSOR_FAULTS",
    "Ledger",
    "Planted",
    "SensorFault",
    "Skipped",
    "ledger_to_json",
    "plant_in_source",
    "read_ledger",
    "write_ledger",
]
