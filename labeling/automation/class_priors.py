"""What is known of a class before anything was measured: how large its things are and how they can move.

Sizes and spreads are those of published vehicles and of published means over labelled cuboids, never of a recording
that is to be labelled:

- cars, vans, pickups: makers' sheets (VW Golf 4.28 x 1.79 x 1.49 m, Toyota Camry 4.88 x 1.84 x 1.45, Ford Transit
  5.53 x 2.06 x 2.5, Ford F-150 5.89 x 2.03 x 1.96), and the mean over nuScenes, 4.63 x 1.97 x 1.74 (Zhu, Jiang, Zhou,
  Li, Yu, "Class-balanced grouping and sampling for point cloud 3D object detection", 2019, table of anchors);
- trucks, buses, semi-trailers: design vehicles of AASHTO, "A policy on geometric design of highways and streets" (SU-30
  9.14 x 2.44 m, CITY-BUS 12.19 x 2.59, WB-62 20.9), and the limits of Directive 96/53/EC (12 m rigid, 16.5 m
  articulated, 18.75 m articulated bus, 2.55 m wide, 4.0 m high);
- two-wheelers and people: the anchors named above (motorbike 2.11 x 0.77 x 1.47, bicycle 1.70 x 0.60 x 1.28, pedestrian
  0.73 x 0.67 x 1.77, cone 0.41 x 0.41 x 1.07, trailer 12.29 x 2.90 x 3.87);
- forklifts: counterbalanced trucks of 1.5 to 5 t (ISO 5053 class), 2.2 to 3.5 m without the fork.

Cuboids are wider than their sheets say where people draw in the mirrors; the spread allows for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """What the things of a class cannot exceed.

    holonomic: may move sideways (people); otherwise only along their heading, and turn no tighter than
    `least_turn_radius_m`. acceleration_mps2 and yaw_rate_radps: largest in ordinary traffic, braking included.
    """

    speed_mps: float
    acceleration_mps2: float
    yaw_rate_radps: float
    holonomic: bool = False
    least_turn_radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class ClassPrior:
    """A kind of thing. size_m and spread_m: mean and standard deviation of length, width, height.

    share: how many of 100 things on a road are of this kind, in the order of magnitude; it breaks ties between classes
    of one size, nothing else. movable: whether it moves by itself at all.
    """

    kind: str
    size_m: Size
    spread_m: Size
    motion: MotionLimits
    share: float = 1.0
    movable: bool = True

    @property
    def is_vehicle(self) -> bool:
        """Steered, four wheels or more."""
        return self.kind in VEHICLES


# 8 m/s2 is full braking on a dry road, 0.4 g what drivers accept sideways; a trailer follows its tractor.
_CAR = MotionLimits(60.0, 8.0, 1.0, least_turn_radius_m=4.0)
_HEAVY = MotionLimits(36.0, 6.0, 0.6, least_turn_radius_m=6.0)
_MOTORCYCLE = MotionLimits(60.0, 8.0, 1.5, least_turn_radius_m=1.5)
_BICYCLE = MotionLimits(15.0, 4.0, 2.0, least_turn_radius_m=1.0)
_WALKING = MotionLimits(8.0, 4.0, 6.0, holonomic=True)
_PUSHED = MotionLimits(4.0, 3.0, 4.0, holonomic=True)
_STANDING = MotionLimits(0.0, 0.0, 0.0, holonomic=True)
_ANYTHING = MotionLimits(60.0, 10.0, 6.0, holonomic=True)

_PRIORS: Final = (
    ClassPrior("car", (4.6, 1.9, 1.6), (0.35, 0.12, 0.17), _CAR, 60.0),
    ClassPrior("pickup", (5.7, 2.05, 1.9), (0.35, 0.12, 0.13), _CAR, 5.0),
    ClassPrior("van", (5.4, 2.1, 2.3), (0.6, 0.14, 0.3), _CAR, 5.0),
    ClassPrior("truck", (8.0, 2.5, 3.2), (1.8, 0.2, 0.5), _HEAVY, 3.0),
    ClassPrior("bus", (11.8, 2.75, 3.3), (1.6, 0.2, 0.3), _HEAVY, 1.0),
    ClassPrior("articulated_bus", (18.2, 2.75, 3.3), (0.7, 0.2, 0.25), _HEAVY, 0.1),
    ClassPrior("semi", (17.5, 2.7, 3.8), (3.0, 0.2, 0.4), _HEAVY, 0.7),
    ClassPrior("trailer", (10.0, 2.6, 3.4), (3.5, 0.4, 0.8), _HEAVY, 0.5),
    ClassPrior("tram", (30.0, 2.65, 3.6), (8.0, 0.25, 0.3), _HEAVY, 0.05),
    ClassPrior("construction_vehicle", (6.4, 2.8, 3.2), (1.6, 0.4, 0.6), _HEAVY, 0.3),
    ClassPrior("forklift", (2.8, 1.25, 2.15), (0.5, 0.2, 0.2), MotionLimits(7.0, 2.0, 1.5, False, 0.5), 0.1),
    ClassPrior("cart", (2.4, 1.25, 1.8), (0.5, 0.2, 0.25), MotionLimits(8.0, 3.0, 1.0, False, 2.0), 0.1),
    ClassPrior("motorcycle", (2.1, 0.8, 1.45), (0.2, 0.1, 0.2), _MOTORCYCLE, 2.0),
    ClassPrior("bicycle", (1.72, 0.6, 1.2), (0.15, 0.1, 0.2), _BICYCLE, 2.0),
    ClassPrior("cyclist", (1.75, 0.68, 1.72), (0.17, 0.1, 0.15), _BICYCLE, 2.0),
    ClassPrior("motorcyclist", (2.1, 0.82, 1.65), (0.2, 0.1, 0.15), _MOTORCYCLE, 1.0),
    ClassPrior("scooter", (1.2, 0.6, 1.75), (0.2, 0.12, 0.15), _BICYCLE, 0.5),
    ClassPrior("pedestrian", (0.73, 0.67, 1.74), (0.18, 0.12, 0.14), _WALKING, 15.0),
    ClassPrior("stroller", (1.0, 0.6, 1.05), (0.2, 0.1, 0.15), _PUSHED, 0.3),
    ClassPrior("animal", (0.9, 0.35, 0.65), (0.4, 0.15, 0.3), _WALKING, 0.3),
    ClassPrior("cone", (0.4, 0.4, 0.8), (0.1, 0.1, 0.2), _STANDING, 2.0, movable=False),
    ClassPrior("barrier", (0.5, 2.0, 1.0), (0.2, 0.8, 0.25), _STANDING, 1.0, movable=False),
    ClassPrior("sign", (0.4, 0.7, 2.0), (0.3, 0.3, 0.8), _STANDING, 1.0, movable=False),
    ClassPrior("container", (1.2, 0.9, 1.3), (0.5, 0.3, 0.3), _PUSHED, 0.5, movable=False),
)


CLASS_PRIORS: Final[dict[str, ClassPrior]] = {prior.kind: prior for prior in _PRIORS}
"""By kind; `class_prior` finds one by the name that an ontology or dataset uses."""

VEHICLES: Final = frozenset(
    prior.kind for prior in _PRIORS if prior.kind in {"forklift", "cart"} or prior.motion in (_CAR, _HEAVY)
)

UNKNOWN: Final = ClassPrior("unknown", (2.0, 1.2, 1.6), (2.0, 0.8, 0.8), _ANYTHING, 0.1)
"""Of a class nobody described: as good as nothing is known."""

# Words of names, the more particular first: a "construction cone" is a cone, a "motorcyclist" no motorcycle.
_WORDS: Final = (
    ("cone pylon bollard", "cone"),
    ("sign signal light board", "sign"),
    ("barrier", "barrier"),
    ("container bin box_rolling", "container"),
    ("stroller wheelchair trolley pushable", "stroller"),
    ("motorcyclist motorcycle_rider motorcyle_rider scooterrider scooter_rider", "motorcyclist"),
    ("cyclist bicyclist bicyclerider bicycle_rider rider pedicab tricycle", "cyclist"),
    ("motor motorcycle motorbike moped motorized_scooter", "motorcycle"),
    ("scooter mobility wheeled", "scooter"),
    ("bicycle bike", "bicycle"),
    ("pedestrian person people human adult child walker worker signaler", "pedestrian"),
    ("animal dog cat horse bird deer", "animal"),
    ("forklift", "forklift"),
    ("cart tugger golf agv", "cart"),
    ("excavator loader construction digger", "construction_vehicle"),
    ("articulated bendy", "articulated_bus"),
    ("bus coach", "bus"),
    ("tram train subway railed", "tram"),
    ("semi lorry articulated_truck", "semi"),
    ("trailer towed", "trailer"),
    ("pickup", "pickup"),
    ("van minivan ambulance", "van"),
    ("truck large_vehicle", "truck"),
    ("car vehicle suv sedan taxi police emergency limousine", "car"),
)


def class_prior(name: str) -> ClassPrior:
    """The prior of a class as an ontology or a dataset calls it ("Car", "Semi-truck", "vehicle.bus.bendy",
    "REGULAR_VEHICLE"); `UNKNOWN` for a name that says nothing."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if plain in CLASS_PRIORS:
        return CLASS_PRIORS[plain]
    for words, kind in _WORDS:
        if any(re.search(rf"(^|_){word}s?(_|$)", plain) for word in words.split()):
            return CLASS_PRIORS[kind]
    return UNKNOWN
