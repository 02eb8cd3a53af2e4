"""What every calibration does with a mounting that it found: tell how far it is from the old one, and adopt it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from calibration import Rig, RigidTransform
from calibration.quaternion import FloatArray
from labeling.editing.edits import AdoptRig
from labeling.project import Project


def mounted(rig: Rig, sensor: str, ego_from_sensor: RigidTransform) -> Rig:
    """The rig with one sensor elsewhere."""
    return Rig(tuple(replace(each, ego_from_sensor=ego_from_sensor) if each.name == sensor else each for each in rig))


def adopt_rig(project: Project, recording: str, rig: Rig, how: str) -> None:
    """A new version of the recording's rig; the old one is kept."""
    labels = project.labels()
    try:
        labels.apply_edit(recording, AdoptRig(rig.to_record(), how))
    finally:
        labels.close()


def pose_record(pose: RigidTransform) -> dict[str, Any]:
    """As a rig writes it."""
    return {"rotation_wxyz": pose.rotation.tolist(), "translation_m": pose.translation.tolist()}


def apart(before: RigidTransform, after: RigidTransform) -> tuple[float, float]:
    """Degrees and metres between two poses."""
    off = before.inverse() * after
    return float(np.rad2deg(np.linalg.norm(off.log()[3:]))), float(np.linalg.norm(off.translation))


def three(values: FloatArray, digits: int) -> str:
    """x, y, z for people."""
    return ", ".join(f"{each:.{digits}f}" for each in values.tolist())
