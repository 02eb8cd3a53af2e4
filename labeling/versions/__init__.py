"""Versions of labels: names for points of the journal, what differs between two, and two people's work made one."""

from labeling.versions.diff import ChangeKind, Difference, differences
from labeling.versions.merge import Conflict, Merge, merge
from labeling.versions.naming import CURRENT, NamedVersion, VersionService

__all__ = [
    "CURRENT",
    "ChangeKind",
    "Conflict",
    "Difference",
    "Merge",
    "NamedVersion",
    "VersionService",
    "differences",
    "merge",
]
