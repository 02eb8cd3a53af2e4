"""A team's own detections, from files or from a network, as proposals for tracks."""

from labeling.automation.detections.detected import Detected
from labeling.automation.detections.registry import DETECTION_FORMATS, read_detections
from labeling.automation.detections.tracking import TrackProposal, track_detections

__all__ = ["DETECTION_FORMATS", "Detected", "TrackProposal", "read_detections", "track_detections"]
