"""What the sensors saw, in one frame and one time: the recording file, readers, ego motion, clouds."""

from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.samples import DepthImage, EncodedImage, PointFrame, Sweep
from fusion.timeline import Timeline

__all__ = ["CuboidTable", "DepthImage", "EgoMotion", "EncodedImage", "PointFrame", "Sweep", "Timeline"]
