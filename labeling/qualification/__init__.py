"""Qualification: somebody, or some program, labels a synthetic scenario, and is measured against its exact truth."""

from labeling.qualification.beginning import begin, recording_name
from labeling.qualification.scoring import MISSED, PHANTOM, Score, Standard, score

__all__ = ["MISSED", "PHANTOM", "Score", "Standard", "begin", "recording_name", "score"]
