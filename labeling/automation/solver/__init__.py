"""The track solver: from one or a few poses that a person set to the whole trajectory, by all points there are."""

from labeling.automation.solver.evidence import Evidence, gather_evidence
from labeling.automation.solver.solving import Solution, solve

__all__ = ["Evidence", "Solution", "gather_evidence", "solve"]
