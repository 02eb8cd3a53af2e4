"""Detections become tracks: as time goes by, or with all of it in view."""

from labeling.automation.tracking.detections import Detections
from labeling.automation.tracking.offline import Joint, TrackedObject, track_offline
from labeling.automation.tracking.online import track_online
from labeling.automation.tracking.settings import TrackerSettings

__all__ = ["Detections", "Joint", "TrackedObject", "TrackerSettings", "track_offline", "track_online"]
