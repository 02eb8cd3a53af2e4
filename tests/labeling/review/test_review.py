"""Review as a team meets it: states, who may do what, and a journal that tells the whole story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from calibration.errors import EditError, ForbiddenError, UsageError
from labeling.editing.edits import ApplyPatches, CreateTrack, SetClass, TrackPatch
from labeling.editing.service import LabelService
from labeling.editing.store import Store
from labeling.project import Project
from labeling.review import (
    LabelPermission,
    People,
    Person,
    ReviewService,
    Role,
    SamplingKind,
    SamplingPlan,
    TaskState,
    acts,
    sampled_tracks,
    statistics,
)
from labeling.track_record import TrackRecord

ANNA, BEN, LENA = Person("anna", Role.ANNOTATOR), Person("ben", Role.REVIEWER), Person("lena", Role.LEAD)
TASK = "morning"


class Team:
    """A project's services, on one store."""

    def __init__(self, project: Project) -> None:
        self.folder = project.root
        self.store = Store.open(project.root / "labels.db")
        self.people, self.review = People(self.store), ReviewService(self.store)
        self.labels = LabelService(self.store, LabelPermission(self.people, self.review))
        self.tokens = {each.name: self.people.add(each.name, each.role) for each in (ANNA, BEN, LENA)}
        with project.recording("tiny") as recording:
            self.start, self.end = recording.frame_middle_ns(0), recording.frame_middle_ns(5)

    def do(self, act: acts.Act, person: Person) -> TaskState:
        return self.review.act("tiny", act, person).tasks[TASK].state

    def open(self, **more: object) -> None:
        self.do(acts.OpenTask(TASK, "label the morning", self.start, self.end, **more), LENA)  # type: ignore[arg-type]

    def to_review(self) -> None:
        self.open()
        for act, person in ((acts.Take(TASK), ANNA), (acts.Submit(TASK), ANNA), (acts.Take(TASK), BEN)):
            self.do(act, person)


@pytest.fixture
def team(tiny_project: Project) -> Iterator[Team]:
    team = Team(tiny_project)
    yield team
    team.store.close()


def dispute() -> acts.Escalate:
    edit = ApplyPatches((TrackPatch("moving", class_name="van"),))
    sides = acts.Proposal("anna", "a car"), acts.Proposal("ben", "a van: it has no rear windows", edit)
    return acts.Escalate(TASK, "see the photo of frame 3", sides, acts.Pin("moving", 5), "class.van")


def test_a_round_trip_is_told_by_the_journal(team: Team) -> None:
    team.open()
    assert team.do(acts.Take(TASK), ANNA) is TaskState.IN_PROGRESS
    team.labels.apply_edit("tiny", SetClass("standing", "truck"), actor="anna")
    assert team.do(acts.Submit(TASK), ANNA) is TaskState.SUBMITTED
    assert team.do(acts.Take(TASK), BEN) is TaskState.IN_REVIEW
    reject = acts.RequestChanges(TASK, "c1", "this is a car", acts.Pin("standing", team.start), "class.truck")
    assert team.do(reject, BEN) is TaskState.CHANGES_REQUESTED
    assert team.do(acts.Take(TASK), ANNA) is TaskState.IN_PROGRESS
    team.labels.apply_edit("tiny", SetClass("standing", "car"), actor="anna")
    team.review.act("tiny", acts.ResolveComment("c1"), ANNA)
    assert team.do(acts.Submit(TASK), ANNA) is TaskState.SUBMITTED
    assert team.do(acts.Take(TASK), BEN) is TaskState.IN_REVIEW
    assert team.do(acts.Accept(TASK), BEN) is TaskState.ACCEPTED
    board = team.review.board("tiny")
    assert [(each.who, each.act.kind) for each in board.tasks[TASK].story] == [
        ("lena", "open_task"),
        ("anna", "take"),
        ("anna", "submit"),
        ("ben", "take"),
        ("ben", "request_changes"),
        ("anna", "take"),
        ("anna", "submit"),
        ("ben", "take"),
        ("ben", "accept"),
    ]
    assert board.comments["c1"].resolved_by == "anna"
    found = statistics({"tiny": board}, {"tiny": team.labels.tracks("tiny")}).to_record()
    assert found["states"] == {"accepted": 1}
    anna, ben = found["people"]["anna"], found["people"]["ben"]
    assert (anna["submitted"], anna["returned"], anna["accepted"], anna["first_time"]) == (2, 1, 1, 0)
    assert (ben["reviewed"], ben["comments"]) == (2, 1)
    assert found["classes"] == {"car": {"tracks": 2, "comments": 1}}
    assert found["rules"] == {"class.truck": {"comments": 1, "escalated": 0, "decided": 0}}


def test_a_dispute_is_decided_by_a_third_and_becomes_a_precedent(team: Team) -> None:
    team.to_review()
    assert team.do(dispute(), BEN) is TaskState.ESCALATED
    both = Person("ben", Role.LEAD)  # even a lead, if they are a party
    with pytest.raises(ForbiddenError, match="cannot adjudicate"):
        team.do(acts.Adjudicate(TASK, 1, "no windows: a van"), both)
    assert team.do(acts.Adjudicate(TASK, 1, "no rear windows: a van"), LENA) is TaskState.ADJUDICATED
    assert team.labels.tracks("tiny")["moving"].class_name == "van"
    (found,) = team.review.precedents("REAR windows", "class.van")
    assert (found.who, found.recording, found.chosen, found.dispute.pin.track_id) == ("lena", "tiny", 1, "moving")
    assert team.review.precedents("bicycle") == ()
    counted = statistics({"tiny": team.review.board("tiny")}, {}).to_record()
    assert counted["rules"]["class.van"] == {"comments": 0, "escalated": 1, "decided": 1}
    assert counted["people"]["anna"]["overruled"] == 1


def test_nobody_reviews_their_own_work(team: Team) -> None:
    team.open()
    team.do(acts.Take(TASK), BEN)
    team.do(acts.Submit(TASK), BEN)
    with pytest.raises(ForbiddenError, match="nobody reviews their own work, and you labelled this: morning"):
        team.do(acts.Take(TASK), BEN)
    team.labels.apply_edit("tiny", SetClass("standing", "truck"), actor="lena")  # a hand in it is work, too
    with pytest.raises(ForbiddenError, match="you edited 1 of its tracks"):
        team.do(acts.Take(TASK), LENA)
    team.labels.undo("tiny", actor="lena")
    assert team.do(acts.Take(TASK), LENA) is TaskState.IN_REVIEW
    with pytest.raises(ForbiddenError, match="lena reviews this task"):
        team.do(acts.Accept(TASK), Person("carl", Role.REVIEWER))
    team.labels.apply_edit("tiny", SetClass("moving", "truck"), actor="lena")
    with pytest.raises(ForbiddenError, match="you edited 1 of its tracks"):
        team.do(acts.Accept(TASK), LENA)


def test_roles_and_states_are_kept(team: Team) -> None:
    with pytest.raises(ForbiddenError, match="anna is annotator, and this takes a lead"):
        team.review.act("tiny", acts.OpenTask(TASK, "mine", 0, 1), ANNA)
    team.to_review()
    with pytest.raises(ForbiddenError, match="takes a reviewer"):
        team.do(acts.Accept(TASK), ANNA)
    with pytest.raises(EditError, match="submit is not possible, the task is in review: morning"):
        team.do(acts.Submit(TASK), ANNA)
    with pytest.raises(EditError, match="no such task"):
        team.do(acts.Take("other"), ANNA)
    with pytest.raises(UsageError, match="a task of this name already"):
        team.open()
    with pytest.raises(ForbiddenError, match="only who labels or reviews"):
        team.do(dispute(), LENA)
    assert team.do(acts.Reopen(TASK, "ben is away"), LENA) is TaskState.SUBMITTED
    assert team.do(acts.Take(TASK), LENA) is TaskState.IN_REVIEW
    assert team.do(acts.Accept(TASK), LENA) is TaskState.ACCEPTED
    assert team.do(acts.Reopen(TASK, "a car is missing"), LENA) is TaskState.CHANGES_REQUESTED


def test_what_was_submitted_is_not_edited_and_not_undone(team: Team) -> None:
    team.open()
    with pytest.raises(ForbiddenError, match="take a task first"):
        team.labels.apply_edit("tiny", SetClass("standing", "truck"), actor="anna")
    team.do(acts.Take(TASK), ANNA)
    team.labels.apply_edit("tiny", SetClass("standing", "truck"), actor="anna")
    team.do(acts.Submit(TASK), ANNA)
    with pytest.raises(ForbiddenError, match="take a task first"):
        team.labels.undo("tiny", actor="anna")
    assert team.review.board("tiny").tasks[TASK].state is TaskState.SUBMITTED
    with pytest.raises(ForbiddenError, match="takes a lead"):
        team.labels.apply_edit("tiny@gold", SetClass("standing", "car"), actor="ben")
    with pytest.raises(ForbiddenError, match="nobody called 'stranger'"):
        team.labels.apply_edit("tiny", SetClass("standing", "car"), actor="stranger")


def test_an_act_sent_twice_is_done_once(team: Team) -> None:
    team.open()
    for _ in range(2):
        team.review.act("tiny", acts.Take(TASK), ANNA, key="one-key-for-one-act")
    assert len(team.review.board("tiny").tasks[TASK].story) == 2


def test_tokens_are_kept_as_hashes_and_a_new_one_ends_the_old(team: Team) -> None:
    assert team.people.with_token(team.tokens["anna"]) == ANNA
    new = team.people.add("anna", Role.REVIEWER)
    assert team.people.with_token(team.tokens["anna"]) is None
    assert team.people.with_token(new) == Person("anna", Role.REVIEWER)
    team.people.remove("anna")
    assert team.people.with_token(new) is None
    assert team.people.all() == (BEN, LENA)
    with pytest.raises(UsageError, match="nobody called 'anna'"):
        team.people.remove("anna")
    with pytest.raises(UsageError, match="cannot be called"):
        team.people.add("local", Role.LEAD)
    content = b"".join(path.read_bytes() for path in team.folder.glob("labels.db*"))
    assert not any(token.encode() in content for token in [*team.tokens.values(), new])


def test_sampling_plans(team: Team) -> None:
    tracks = team.labels.tracks("tiny")
    many = {f"{number}": tracks["moving"] for number in range(40)} | {"risky": tracks["standing"]}
    assert len(sampled_tracks(SamplingPlan(), many, "s")) == 41
    risky = sampled_tracks(SamplingPlan(SamplingKind.RISK, 10), many, "s", {"risky": 1.0})
    assert (risky[0], len(risky)) == ("risky", 4)
    drawn = [sampled_tracks(SamplingPlan(SamplingKind.RANDOM, 25), many, seed) for seed in "sst"]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 10
    assert sampled_tracks(SamplingPlan(SamplingKind.RANDOM, 1), tracks, "s")  # never none


def test_an_escalation_carries_what_each_side_has(team: Team) -> None:
    team.to_review()
    track = team.labels.tracks("tiny")["moving"]
    team.labels.apply_edit("tiny@ben", CreateTrack(TrackRecord.of(track)), actor="ben")
    team.labels.apply_edit("tiny@ben", SetClass("moving", "van"), actor="ben")
    sides = acts.Proposal("anna", "a car"), acts.Proposal("ben", "a van")
    bare = acts.Escalate(TASK, "see the photo", sides, acts.Pin("moving", team.start))
    team.do(bare, BEN)
    carried = team.review.board("tiny").tasks[TASK].dispute
    assert carried is not None
    assert carried.labelled == TrackRecord.of(track)
    assert carried.proposals[0].edit is None  # it is there already, and later edits of it stay
    team.do(acts.Adjudicate(TASK, 1, "a van"), LENA)
    assert team.labels.tracks("tiny")["moving"].class_name == "van"


def test_a_dispute_is_between_its_parties_and_about_one_track(team: Team) -> None:
    """Nobody gets at gold, or at another track, by naming it in a proposal."""
    team.to_review()
    track = team.labels.tracks("tiny")["moving"]
    team.labels.apply_edit("tiny@gold", CreateTrack(TrackRecord.of(track)), actor="lena")
    sides = acts.Proposal("gold", "the truth"), acts.Proposal("ben", "mine")
    with pytest.raises(ForbiddenError, match="by somebody who neither labelled nor reviewed"):
        team.do(acts.Escalate(TASK, "see", sides, acts.Pin("moving")), BEN)
    other = ApplyPatches((TrackPatch("standing", delete=True),))
    sides = acts.Proposal("anna", "hers"), acts.Proposal("ben", "mine", other)
    with pytest.raises(EditError, match="only the disputed track"):
        team.do(acts.Escalate(TASK, "see", sides, acts.Pin("moving")), BEN)
