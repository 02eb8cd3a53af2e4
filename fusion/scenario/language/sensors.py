"""The rig of a scenario: sensors, how they see, where they sit, when they fire, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from fusion.scenario.language.base import CLOSED, Name, NotNegative, Positive, Share, Vector

Count = Annotated[int, Field(gt=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class SpinningScan:
    """Beams in one vertical plane that turns once a period.

    elevations_deg: one for each beam, upwards. columns: firings a turn. start_azimuth_deg: where a turn begins and
    ends; 180 is the back.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    elevations_deg: tuple[float, ...]
    pattern: Literal["spinning"] = "spinning"
    columns: Count = 600
    clockwise: bool = True
    start_azimuth_deg: float = 180.0


@dataclass(frozen=True, slots=True)
class RasterScan:
    """A mirror that writes lines, as in solid-state LiDARs: columns left to right, all rows of a column at once."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    fov_deg: tuple[Positive, Positive]
    rows: Count = 64
    columns: Count = 600
    pattern: Literal["raster"] = "raster"


@dataclass(frozen=True, slots=True)
class RosetteScan:
    """Two turning prisms (Risley): a flower that never repeats, and fills its field of view from sweep to sweep.

    beams: fired together, side by side. shots: firings a period. turns: of the two prisms a second.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    fov_deg: Annotated[float, Field(gt=1.0, le=120.0)] = 70.0
    beams: Annotated[int, Field(gt=0, le=64)] = 6
    shots: Count = 4000
    turns_per_s: tuple[float, float] = (121.3, -77.7)
    pattern: Literal["rosette"] = "rosette"


Scan = Annotated[SpinningScan | RasterScan | RosetteScan, Field(discriminator="pattern")]


@dataclass(frozen=True, slots=True)
class Lidar:
    """How a LiDAR measures.

    range_sigma_m, range_bias_m: of each distance. dropout: chance that any pulse is lost. intensity_sigma: relative.
    divergence_mrad: full angle of the beam; at edges it meets two things. packet_loss: chance that a packet of
    `packet_shots` firings never arrives. coordinate_step_m: coordinates are rounded to it, 0 for not at all (a power of
    two keeps files small). min_range_m, max_range_m: of what is reported.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    scan: Scan
    min_range_m: NotNegative = 0.5
    max_range_m: Positive = 100.0
    range_sigma_m: NotNegative = 0.01
    range_bias_m: float = 0.0
    intensity_sigma: NotNegative = 0.02
    dropout: Share = 0.01
    divergence_mrad: NotNegative = 2.0
    packet_loss: Share = 0.0
    packet_shots: Count = 12
    coordinate_step_m: NotNegative = 0.0


@dataclass(frozen=True, slots=True)
class Camera:
    """How a camera takes photos.

    model: a camera model as in a rig (`kind`, `width_px`, `height_px`, `fx_px`, ...); instead of fx_px, fy_px, cx_px,
    cy_px a `fov_deg` across the width may be given. readout_ms: from the first to past the last row (0: all rows at
    once); a photo's time is that of its middle. noise: standard deviation of 8-bit values in mid grey. exposure:
    brightness factor. jpeg_quality: 1 to 100.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    model: dict[str, Any]
    readout_ms: Annotated[float, Field(ge=-200.0, le=200.0)] = 0.0
    noise: NotNegative = 0.0
    exposure: Positive = 1.0
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 80


@dataclass(frozen=True, slots=True)
class DepthCamera:
    """How a depth camera measures.

    principle: `stereo` (error and steps grow with the square of the depth, nothing is found beside edges and on plain
    dark or mirroring surfaces) or `tof` (error grows linearly, edges give flying pixels, dark things vanish).
    noise: factor on the principle's own error. flying_pixels, holes: how much of what the principle brings about.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    model: dict[str, Any]
    principle: Literal["stereo", "tof"] = "stereo"
    min_range_m: NotNegative = 0.3
    max_range_m: Positive = 12.0
    baseline_m: Positive = 0.12
    noise: NotNegative = 1.0
    flying_pixels: Share = 0.5
    holes: Share = 0.5


@dataclass(frozen=True, slots=True)
class Clock:
    """When a sensor fires, and what time it claims.

    phase_ms: firing after the frame's moment (a LiDAR's sweep ends then). jitter_ms: standard deviation of the firing,
    known to the stamp. offset_ms, drift_ppm, stamp_jitter_ms: claimed minus true time. jumps_ms: from a second on, the
    claimed time is off by so much more. drop: chance that a sample is lost. outages_s: from, to; nothing is delivered.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    rate_hz: Annotated[float, Field(gt=0.0, le=1000.0)] = 10.0
    phase_ms: float = 0.0
    jitter_ms: NotNegative = 0.0
    offset_ms: float = 0.0
    drift_ppm: float = 0.0
    stamp_jitter_ms: NotNegative = 0.0
    jumps_ms: tuple[tuple[NotNegative, float], ...] = ()
    drop: Share = 0.0
    outages_s: tuple[tuple[NotNegative, NotNegative], ...] = ()


@dataclass(frozen=True, slots=True)
class MountingError:
    """How far the true mounting is from the recorded one, in the sensor's own frame, growing from from_s to to_s."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    rotation_deg: Vector = (0.0, 0.0, 0.0)
    translation_m: Vector = (0.0, 0.0, 0.0)
    from_s: NotNegative = 0.0
    to_s: NotNegative = 0.0


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """One sensor on the ego: at_m x forward, y left, z up; yaw to the left, pitch down, roll to the right, degrees.

    Exactly one of lidar, camera and depth.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Name
    at_m: Vector
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    lidar: Lidar | None = None
    camera: Camera | None = None
    depth: DepthCamera | None = None
    clock: Clock = field(default_factory=Clock)
    mounting_error: MountingError | None = None
