"""Versions of a recording's rig: kept in the journal beside the labels that were made under them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calibration import Rig
from labeling.editing.edits import EDIT, RIG_ID, AdoptRig
from labeling.editing.store import LABEL_KINDS, Transaction

OWN = AdoptRig(None, "the rig that the recording came with")


@dataclass(frozen=True, slots=True)
class RigVersion:
    """A rig and where it came from.

    number: its place in the journal; 0: what the recording came with. rig: None for that one. who, at_ns: who adopted
    it and when; how: why and how it was estimated. label_edits: changes of labels made under it. current: in force now.
    """

    number: int
    rig: Rig | None
    how: str
    who: str = ""
    at_ns: int = 0
    label_edits: int = 0
    current: bool = False


def current_edit(transaction: Transaction, recording: str) -> AdoptRig:
    """The adoption in force."""
    entry = transaction.last_touching(recording, RIG_ID)
    return OWN if entry is None else _adoption(entry.edit)


def newest_rig(transaction: Transaction, recording: str) -> int:
    """Number of the newest version, 0 for the recording's own."""
    return max(transaction.sequences_touching(recording, RIG_ID), default=0)


def rig_history(transaction: Transaction, recording: str) -> tuple[RigVersion, ...]:
    """Every rig that was in force, oldest first; taking one back is a version too."""
    rigs = set(transaction.sequences_touching(recording, RIG_ID))
    versions = [RigVersion(0, None, OWN.how)]
    for entry in transaction.entries(recording):
        if entry.sequence in rigs:
            edit = _adoption(entry.edit)
            versions.append(RigVersion(entry.sequence, rig_of(edit), edit.how, entry.actor, entry.at_ns))
        elif entry.kind in LABEL_KINDS:
            versions[-1] = replace(versions[-1], label_edits=versions[-1].label_edits + 1)
    return (*versions[:-1], replace(versions[-1], current=True))


def rig_of(edit: AdoptRig) -> Rig | None:
    """The adoption's rig. Raises CalibrationError if it is malformed."""
    return None if edit.rig is None else Rig.from_record(edit.rig)


def _adoption(text: bytes) -> AdoptRig:
    edit = EDIT.validate_json(text)
    assert isinstance(edit, AdoptRig)
    return edit
