"""What is to be injected: a YAML file in the words of the scene language."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

from pydantic import ConfigDict, Field, TypeAdapter

from calibration.documents import checked, read_document
from fusion.scenario.language.actors import ActorSpec
from fusion.scenario.language.base import CLOSED, Positive
from fusion.scenario.language.place import Weather


@dataclass(frozen=True, slots=True)
class InjectionSpec:
    """Actors, and where and in which light they are put.

    Second 0 of the actors is the recording's first frame. relative_to_frame: paths are in the ego frame of that frame,
    levelled (x forward, y left); null: in the recording's world. follow_ground: paths are laid on the ground that the
    LiDARs measured; else heights are taken as written, over the origin of that frame. weather: where the light comes
    from, for shades and shadows (its azimuth counts in the frame of the paths), not the air. brightness: of the actors
    in photos, beside what the road about them tells. own_body_px: by camera, corners (u, v) of the part of its photos
    that shows the ego itself, which no LiDAR sees: it hides all actors.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    actors: Annotated[tuple[ActorSpec, ...], Field(min_length=1)]
    relative_to_frame: Annotated[int, Field(ge=0)] | None = 0
    follow_ground: bool = True
    weather: Weather = field(default_factory=Weather)
    brightness: Positive = 1.0
    own_body_px: dict[str, Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]] = field(
        default_factory=dict
    )


_SPEC: TypeAdapter[InjectionSpec] = TypeAdapter(InjectionSpec)


def read_injection(path: Path) -> InjectionSpec:
    """Read and check a file. Raises InputError if it cannot be read, FormatError with the first thing wrong in it."""
    return read_document(path, _SPEC, "injection")


def parse_injection(content: object, where: object) -> InjectionSpec:
    """Check what a file said; `where` is for the message. Raises FormatError with the first thing wrong."""
    return checked(content, _SPEC, "injection", where)


def injection_record(spec: InjectionSpec) -> dict[str, Any]:
    """As plain JSON values."""
    return cast("dict[str, Any]", _SPEC.dump_python(spec, mode="json"))
