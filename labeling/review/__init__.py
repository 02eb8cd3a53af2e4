"""Review: people, tasks with states, comments pinned to track and time, escalation, and decisions that are precedents.

Everything that happens is an entry of the labels' journal; what a task is now is what its entries make of it.
"""

from labeling.review.acts import ACT, Act
from labeling.review.board import Board, Comment, Decision, Task, TaskState
from labeling.review.people import LOCAL, People, Person, Role
from labeling.review.permission import LabelPermission, may_see
from labeling.review.sampling import SamplingKind, SamplingPlan, sampled_tracks
from labeling.review.service import ReviewService
from labeling.review.statistics import Statistics, statistics

__all__ = [
    "ACT",
    "LOCAL",
    "Act",
    "Board",
    "Comment",
    "Decision",
    "LabelPermission",
    "People",
    "Person",
    "ReviewService",
    "Role",
    "SamplingKind",
    "SamplingPlan",
    "Statistics",
    "Task",
    "TaskState",
    "may_see",
    "sampled_tracks",
    "statistics",
]
