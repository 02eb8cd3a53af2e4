"""What Rerun shows: the same scene for the page and for Rerun's native viewer."""

from viewer.scene.entities import FRAME_TIMELINE
from viewer.scene.labels import log_labels, log_styles
from viewer.scene.sensors import log_sensors
from viewer.scene.stream import SceneStream
from viewer.scene.view import log_blueprint, log_static

__all__ = ["FRAME_TIMELINE", "SceneStream", "log_blueprint", "log_labels", "log_sensors", "log_static", "log_styles"]
