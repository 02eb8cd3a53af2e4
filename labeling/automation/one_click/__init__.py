"""One click makes a cuboid: from a point, a pixel's ray or a rough box to a pose, a size and how sure they are."""

from labeling.automation.one_click.clicks import Click, PointClick, RayClick, RoughBox, pixel_click
from labeling.automation.one_click.fit import CuboidFit, Sigmas, fit_cuboid
from labeling.automation.one_click.hypotheses import ROAD_USERS, priors_of
from labeling.automation.one_click.motion import Motion
from labeling.automation.one_click.sight import FrameSight, Sights

__all__ = [
    "ROAD_USERS",
    "Click",
    "CuboidFit",
    "FrameSight",
    "Motion",
    "PointClick",
    "RayClick",
    "RoughBox",
    "Sights",
    "Sigmas",
    "fit_cuboid",
    "pixel_click",
    "priors_of",
]
