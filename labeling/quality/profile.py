"""Rule profiles: what a team holds its labels to. One versioned YAML file; two are shipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from calibration.documents import read_document
from calibration.errors import UsageError
from labeling.automation.class_priors import class_prior
from labeling.quality.finding import FindingKind, Severity

_SHIPPED = Path(__file__).parent / "profiles"

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Span = tuple[Positive, Positive]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. severity: how bad a breach is. least_confidence: report it from so sure on; None: the profile's."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    severity: Severity = Severity.WARNING
    least_confidence: Probability | None = None


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What holds for the classes of one kind (see `class_priors`; an ontology's own names are recognised).

    length_m, width_m, height_m: smallest and largest that is believed. fastest_mps, acceleration_mps2: limits of
    motion. sideways: whether it may move across its heading. on_ground: whether it stands on the ground.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: str
    length_m: Span
    width_m: Span
    height_m: Span
    fastest_mps: Positive = 60.0
    acceleration_mps2: Positive = 10.0
    sideways: bool = False
    on_ground: bool = True


@dataclass(frozen=True, slots=True)
class RuleProfile:
    """All rules. version: raised by whoever changes the file; findings carry it. rules: those that are checked, by kind
    of finding. mirrors: whether cuboids of vehicles are drawn around the mirrors. least_points: a cuboid that never
    has so many is not judged by its points."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    version: Annotated[int, Field(ge=1)]
    about: str
    rules: dict[FindingKind, Rule]
    classes: tuple[ClassRules, ...]
    least_confidence: Probability = 0.5
    least_points: Annotated[int, Field(ge=1)] = 5
    mirrors: bool = True
    format: Literal["boxwright-rules"] = field(default="boxwright-rules", kw_only=True)

    def of_class(self, class_name: str) -> ClassRules | None:
        """The rules for a class as the labels name it; None where the profile says nothing of it."""
        kind = class_prior(class_name).kind
        return next((each for each in self.classes if each.kind in {kind, class_name}), None)

    def severity_of(self, kind: FindingKind) -> Severity:
        """How bad a finding of this kind is; a note where the profile has no such rule."""
        return self.rules[kind].severity if kind in self.rules else Severity.NOTE

    def least_of(self, kind: FindingKind) -> float:
        """From how sure on a finding of this kind is reported."""
        own = self.rules[kind].least_confidence
        return self.least_confidence if own is None else own


_PROFILE = TypeAdapter(RuleProfile)


def shipped_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with Boxwright, sorted."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


@cache
def rule_profile(name_or_path: str = "driving") -> RuleProfile:
    """A shipped profile by name, or one from a file (what ends in .yaml or .yml, or has a slash).

    Raises UsageError for an unknown name, InputError or FormatError for a file that cannot be read or is no profile.
    """
    if name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path:
        return read_document(Path(name_or_path), _PROFILE, "rule profile")
    if name_or_path not in shipped_profiles():
        raise UsageError(
            f"no rule profile {name_or_path!r}", do=f"one of {', '.join(shipped_profiles())}, or give a YAML file"
        )
    return read_document(_SHIPPED / f"{name_or_path}.yaml", _PROFILE, "rule profile")


def profile_schema() -> dict[str, Any]:
    """The JSON schema of a profile's file."""
    return _PROFILE.json_schema()
