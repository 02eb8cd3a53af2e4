"""The solver on the shipped street, whose truth is exact, and on what a person may do to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.annotator import upright
from calibration.errors import EditError
from fusion.recording import Recording
from labeling.automation.class_priors import class_prior
from labeling.automation.solving import TrackSolver, resolve
from labeling.editing.edits import CreateTrack, SetKnot
from labeling.formats import LABEL_FORMATS
from labeling.ontology import default_ontology
from labeling.overlap import overlap_rows
from labeling.project import Project
from labeling.track import Knot, Maker, Presence, PresenceKind, Track
from labeling.track_record import TrackRecord
from tests.conftest import ROOT

SAMPLE = ROOT / "sample_data"


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[Recording, list[Track]]]:
    with Recording.open(SAMPLE / "street.h5") as recording:
        read = LABEL_FORMATS["boxwright"].read
        yield recording, read(recording, SAMPLE / "street.tracks.json", default_ontology())


@pytest.fixture(scope="module")
def solver(street: tuple[Recording, list[Track]]) -> TrackSolver:
    return TrackSolver(street[0])


def by_hand(track: Track, index: int) -> Track:
    """As if a person had set this one pose."""
    return track.with_knots([replace(track.knot(index), maker=Maker.HUMAN)])


def near(tracks: list[Track], solver: TrackSolver) -> list[tuple[Track, int]]:
    """Tracks that the LiDAR sees well, with the index of the knot in the best frame."""
    found = []
    for track in tracks:
        points = solver.solve(track).points
        if len(track) >= 5 and points.max() >= 40:
            middles = solver.evidence.seconds[int(points.argmax())] * 1e9 + solver.evidence.start_ns
            found.append((track, int(np.argmin(np.abs(track.times_ns - middles)))))
    return found


def test_one_pose_is_enough_for_most(street: tuple[Recording, list[Track]], solver: TrackSolver) -> None:
    right, moving, subjects = 0, 0, near(street[1], solver)
    for track, index in subjects:
        solution = solver.solve(by_hand(track, index))
        overlaps = overlap_rows(
            upright(solution.track.at(track.times_ns), track.size_m), upright(track.at(track.times_ns), track.size_m)
        )
        enough = overlaps.min() >= (0.5 if class_prior(track.class_name).kind == "pedestrian" else 0.7)
        right += bool(enough)
        moving += bool(enough and track.speed_mps() > 1.0)
        if solution.stands:
            assert len(solution.track) == 1
    assert len(subjects) >= 8
    assert right >= 0.8 * len(subjects)
    assert moving >= 2


def test_human_knots_hold_and_machines_say_who_they_are(
    street: tuple[Recording, list[Track]], solver: TrackSolver
) -> None:
    moving = max(street[1], key=lambda track: track.speed_mps())
    wrong = replace(moving.knot(20), maker=Maker.HUMAN, position_m=tuple(moving.positions_m[20] + [0.4, 0.2, 0.1]))
    given = [replace(moving.knot(5), maker=Maker.HUMAN), wrong]
    solution = solver.solve(moving.with_knots(given))
    assert [knot for knot in solution.track.knots if knot.maker is Maker.HUMAN] == given
    assert {knot.maker for knot in solution.track.knots} <= {Maker.HUMAN, Maker.SOLVER}
    assert np.all(solution.expected_error_m >= 0.0)
    assert np.all((solution.confidence >= 0.0) & (solution.confidence <= 1.0))
    assert solution.track.size_m == moving.size_m


def test_the_same_question_has_the_same_answer(street: tuple[Recording, list[Track]], solver: TrackSolver) -> None:
    track = by_hand(max(street[1], key=lambda track: track.speed_mps()), 10)
    one, two = solver.solve(track), TrackSolver(street[0]).solve(track)
    assert one.track.knots == two.track.knots
    assert one.track.presence == two.track.presence


def test_where_nothing_is_nothing_is_claimed(street: tuple[Recording, list[Track]], solver: TrackSolver) -> None:
    """A pose in the air above the houses: its own frame, said by a person, is all there is."""
    tracks = street[1]
    time_ns = int(tracks[0].times_ns[0])
    pose = tracks[0].knot(0)
    lost = replace(pose, maker=Maker.HUMAN, position_m=(pose.position_m[0], pose.position_m[1] + 70.0, 60.0))
    solution = solver.solve(Track.from_knots("lost", "car", (4.5, 1.9, 1.6), [lost], [Presence(time_ns, time_ns)]))
    assert solution.points.sum() == 0
    observed = [each for each in solution.track.presence if each.kind is PresenceKind.OBSERVED]
    assert all(each.start_ns <= time_ns <= each.end_ns for each in observed)
    assert sum(each.end_ns - each.start_ns for each in observed) < 100_000_000


def test_through_the_edit_door_and_back(tmp_path: Path, street: tuple[Recording, list[Track]]) -> None:
    project = Project.create(tmp_path / "p")
    project.recording_path("street").write_bytes((SAMPLE / "street.h5").read_bytes())
    moving = max(street[1], key=lambda track: track.speed_mps())
    knot = replace(moving.knot(12), maker=Maker.HUMAN)
    labels = project.labels()
    with project.recording("street") as recording:
        solver = TrackSolver(recording)
        record = TrackRecord("bus", moving.class_name, moving.size_m, (knot,), (Presence(knot.time_ns, knot.time_ns),))
        labels.apply_edit("street", CreateTrack(record), actor="ann")
        before = labels.tracks("street")["bus"]
        assert resolve(labels, "street", solver, "bus").outcome is not None
        solved = labels.tracks("street")["bus"]
        assert len(solved) > 5
        assert resolve(labels, "street", solver, "bus").outcome is None  # nothing is new, so nothing is edited
        labels.undo("street", actor="solver")
        assert labels.tracks("street")["bus"].knots == before.knots
        second = Knot.of(int(moving.times_ns[25]), moving.at(moving.times_ns[25]))
        labels.apply_edit("street", SetKnot("bus", second), actor="ann")
        resolve(labels, "street", solver, "bus")
        assert {knot, second} <= set(labels.tracks("street")["bus"].knots)
        with pytest.raises(EditError, match="no such track"):
            resolve(labels, "street", solver, "nobody")
    labels.close()


def test_a_parked_car_does_not_slide_onto_its_neighbour(
    street: tuple[Recording, list[Track]], solver: TrackSolver
) -> None:
    """Also where the neighbour is seen much better: what is still there did not move."""
    parked = [track for track in street[1] if track.speed_mps() < 0.05 and track.class_name == "car"]
    assert len(parked) >= 3
    for track in parked:
        solution = solver.solve(by_hand(track, len(track) // 2))
        if solution.points.max() >= 5:
            assert solution.stands, track.id


def test_what_cannot_move_does_not(street: tuple[Recording, list[Track]], solver: TrackSolver) -> None:
    moving = by_hand(max(street[1], key=lambda track: track.speed_mps()), 12)
    assert not solver.solve(moving).stands
    assert solver.solve(replace(moving, class_name="traffic cone")).stands
