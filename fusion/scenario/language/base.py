"""Value types that the scene language is written in."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

CLOSED = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Nobody's misspelt key is ignored."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,62}$")]
"""Lower case letters, digits and underscores."""

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Vector = tuple[float, float, float]
Size = tuple[Positive, Positive, Positive]
"""Length (x), width (y), height (z), metres."""

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""sRGB as in HTML."""

TimedValue = tuple[NotNegative, float]
"""Second of the scenario and value; between two of them the value changes smoothly, outside it is held."""
