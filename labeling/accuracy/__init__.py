"""How accurate labels are, measured: against gold, between people, over time, and from what reviewers sampled."""

from labeling.accuracy.acceptance import AcceptancePlan, ErrorRate, acceptance_plan, error_rate
from labeling.accuracy.alpha import agreement_alpha
from labeling.accuracy.drift import Trend, trend
from labeling.accuracy.pairwise import Agreement, agreement
from labeling.accuracy.segment import Sightings, sightings_in

__all__ = [
    "AcceptancePlan",
    "Agreement",
    "ErrorRate",
    "Sightings",
    "Trend",
    "acceptance_plan",
    "agreement",
    "agreement_alpha",
    "error_rate",
    "sightings_in",
    "trend",
]
