"""What is said of one sensor of a rig."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusion.rig_check.evidence import Fit
from fusion.rig_check.hypotheses import Hypothesis, RigFault

SOUND = 4.5  # robust standard deviations: agreement that is not chance
NAMED = 4.8  # what a hypothesis must reach, and by how much it must beat what is recorded
_CLEAR_FACTOR, _CLEAR_STEP = 1.3, 0.5
_ROUGH_DEG = 1.0


class RigState(StrEnum):
    """What a check came to."""

    GOOD = "good"
    ROUGH = "rough"  # right, but for a small turn
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SensorVerdict:
    """About one sensor. evidence: how far the edges' agreement stands out of chance, in standard deviations; better:
    the same under the fault that is named; turn_deg: by how much a turn would still better it; also: faults that
    come to the very same."""

    sensor: str
    state: RigState
    evidence: float
    turn_deg: float = 0.0
    fault: RigFault | None = None
    better: float = 0.0
    detail: str = ""
    remedy: str = ""
    also: tuple[RigFault, ...] = ()

    @property
    def line(self) -> str:
        """For people."""
        if self.state is RigState.WRONG and self.fault is not None:
            name = " or ".join(str(each).replace("_", " ") for each in (self.fault, *self.also))
            agree = f"edges agree at {self.better:.1f} sigma, as recorded at {self.evidence:.1f}"
            return f"{name}: {self.detail} ({agree}); {self.remedy}"
        if self.state is RigState.UNKNOWN:
            return f"cannot tell: {self.detail}"
        return f"{self.state} (edges agree at {self.evidence:.1f} sigma, to {self.turn_deg:.1f} degrees)"


def unknown(sensor: str, why: str) -> SensorVerdict:
    """Nothing can be told."""
    return SensorVerdict(sensor, RigState.UNKNOWN, 0.0, detail=why)


def sound(sensor: str, recorded: Fit) -> SensorVerdict:
    """It is right, but perhaps for a small turn."""
    state = RigState.GOOD if recorded.shift_deg <= _ROUGH_DEG else RigState.ROUGH
    return SensorVerdict(sensor, state, recorded.height, recorded.shift_deg)


def is_clear(recorded: float, other: float) -> bool:
    """Whether a hypothesis explains so much more than what is recorded that it is no chance."""
    return other >= max(NAMED, _CLEAR_FACTOR * recorded + _CLEAR_STEP)


def wrong(sensor: str, recorded: float, hypothesis: Hypothesis, better: float, turn_deg: float = 0.0) -> SensorVerdict:
    """It is wrong, and how; recorded, better: evidence for what is recorded, and for the hypothesis."""
    each = hypothesis
    return SensorVerdict(
        sensor, RigState.WRONG, recorded, turn_deg, each.fault, better, each.detail, each.remedy, each.also
    )
