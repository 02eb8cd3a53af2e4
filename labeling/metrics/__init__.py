"""How good tracks are, measured against truth."""

from labeling.metrics.centre_distance import CentreDistance, centre_distance
from labeling.metrics.clear import Clear, clear
from labeling.metrics.comparison import Comparison, joined
from labeling.metrics.detection import DetectionScores, detection_scores
from labeling.metrics.hota import Hota, hota
from labeling.metrics.identity import Identity, identity
from labeling.metrics.over_recall import OverRecall, over_recall

__all__ = [
    "CentreDistance",
    "Clear",
    "Comparison",
    "DetectionScores",
    "Hota",
    "Identity",
    "OverRecall",
    "centre_distance",
    "clear",
    "detection_scores",
    "hota",
    "identity",
    "joined",
    "over_recall",
]
