"""Which cameras are tried, and where each begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from calibration.camera import (
    EUCM,
    MEI,
    BrownConrady,
    CameraModel,
    DoubleSphere,
    KannalaBrandt,
    Pinhole,
    Rational,
)
from calibration.errors import UsageError

PLACE: Final = ("fx_px", "fy_px", "cx_px", "cy_px")
_NARROW = (0.35, 0.5, 0.7, 1.0, 1.5, 2.5)
"""Focal lengths, in widths of the image: 110 to 23 degrees."""
_WIDE = (0.2, 0.28, 0.4, 0.6, 1.0)
"""Of lenses that bend more: 190 degrees and less."""


@dataclass(frozen=True, slots=True)
class Model:
    """kind: of camera; free: its coefficients that are estimated; start: of those that do not begin at 0.

    focal: lengths to begin with, in widths of the image.
    """

    kind: type[CameraModel]
    free: tuple[str, ...]
    start: Mapping[str, float] = field(default_factory=dict)
    focal: tuple[float, ...] = _NARROW

    @property
    def names(self) -> tuple[str, ...]:
        """All that is estimated."""
        return (*PLACE, *self.free)

    def begin(self, width_px: int, height_px: int, focal_px: float) -> CameraModel:
        """With a focal length and the centre of the image."""
        return self.kind(
            width_px, height_px, focal_px, focal_px, 0.5 * (width_px - 1), 0.5 * (height_px - 1), **self.start
        )


_K = ("k1", "k2", "k3", "k4")
MODELS: Final[Mapping[str, Model]] = {
    "pinhole": Model(Pinhole, ()),
    "k1": Model(BrownConrady, ("k1",)),
    "k1 k2": Model(BrownConrady, ("k1", "k2")),
    "k1 k2 p1 p2": Model(BrownConrady, ("k1", "k2", "p1", "p2")),
    "k1 k2 p1 p2 k3": Model(BrownConrady, ("k1", "k2", "p1", "p2", "k3")),
    "kannala_brandt": Model(KannalaBrandt, _K, focal=_WIDE),
    "rational": Model(Rational, ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")),
    "double_sphere": Model(DoubleSphere, ("xi", "alpha"), {"xi": 0.0, "alpha": 0.5}, _WIDE),
    "eucm": Model(EUCM, ("alpha", "beta"), {"alpha": 0.5, "beta": 1.0}, _WIDE),
    "mei": Model(MEI, ("xi", "k1", "k2", "p1", "p2"), {"xi": 1.0}, tuple(2.0 * each for each in _WIDE)),
}
TRIED: Final = ("pinhole", "k1", "k1 k2", "k1 k2 p1 p2", "k1 k2 p1 p2 k3", "kannala_brandt")
"""Where no model is asked for. The others say much the same with other numbers, and take longer."""


def model_of(name: str) -> Model:
    """Raises UsageError for a name that is none of `MODELS`."""
    if name not in MODELS:
        raise UsageError(f"there is no model {name!r} to estimate", do=f"there are {', '.join(MODELS)}")
    return MODELS[name]
