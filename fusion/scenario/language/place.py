"""Where a scenario plays: ground, buildings, shapes, and the weather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from fusion.scenario.language.actors import PathSpec, Repeat
from fusion.scenario.language.base import CLOSED, Color, Name, NotNegative, Positive, Share, Size, Vector


@dataclass(frozen=True, slots=True)
class PropSpec:
    """One part of the surroundings that nobody labels, or with `repeat` several.

    kind: see the table of props (`street`, `road`, `floor`, `field`, `box`, `cylinder`, `building`, `tree`, ...).
    at_m: its middle, on the ground. size_m: length, width, height where the kind has them. path: of what is drawn along
    one (`road`, `tunnel`, `barrier`, `wall`). material: see the table of materials. width_m: of what has one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    kind: Name
    at_m: Vector = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    size_m: Size | None = None
    width_m: Positive | None = None
    path: PathSpec | None = None
    color: Color | None = None
    material: Name | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class Weather:
    """Light and air.

    sun_azimuth_deg: where the light comes from, counted from x to y. clouds: 0 hard shadows, 1 none. light: brightness
    of sun and sky, 1 is noon, 0.02 a lit street at night. fog_visibility_m: at which contrast falls to 5 %.
    rain_mm_per_h, snow_mm_per_h: echoes off drops and flakes, weaker and fewer echoes off the rest, streaks in photos.
    indoors: no sky and no sun, lamps from above.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    sun_elevation_deg: Annotated[float, Field(ge=0.0, le=90.0)] = 53.0
    sun_azimuth_deg: float = 217.0
    clouds: Share = 0.0
    light: Positive = 1.0
    fog_visibility_m: Positive | None = None
    rain_mm_per_h: NotNegative = 0.0
    snow_mm_per_h: NotNegative = 0.0
    indoors: bool = False
