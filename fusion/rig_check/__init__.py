"""Hypotheses about a rig: is a mounting inverted, an axis convention swapped, a quaternion read in a wrong order?"""

from fusion.rig_check.check import check_rig
from fusion.rig_check.hypotheses import RigFault
from fusion.rig_check.verdict import RigState, SensorVerdict

__all__ = ["RigFault", "RigState", "SensorVerdict", "check_rig"]
