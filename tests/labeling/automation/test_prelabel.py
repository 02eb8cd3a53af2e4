"""Pre-labelling finds what stands and what moves in a known world, and does not double what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from calibration import RigidTransform
from fusion.scenario.language.loading import scene_of
from labeling.automation.one_click import CuboidFit, Sights, Sigmas
from labeling.automation.one_click.motion import Motion
from labeling.automation.prelabel import CONFIDENCE, Prelabelled, add_prelabels, prelabel
from labeling.automation.prelabel.claims import Claims
from labeling.automation.prelabel.clusters import clusters
from labeling.automation.prelabel.following import followed, without_twins
from labeling.automation.prelabel.joining import Chain, chain_of, distinct, joined, nearness
from labeling.automation.solver import gather_evidence
from labeling.cuboid import Cuboid
from labeling.ontology import default_ontology
from labeling.project import Project
from labeling.synthetic import simulate_into
from labeling.track import Maker, PresenceKind, Track

_EYES = {frame: np.array([-20.0, 0.0]) for frame in range(40)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Eight frames of a street with parked and driving cars, labelled."""
    project = Project.create(tmp_path_factory.mktemp("prelabel"))
    simulate_into(project, replace(scene_of("parked_row_pull_out"), frames=8), 0, "row")
    return project


@pytest.fixture(scope="module")
def proposals(project: Project) -> Iterator[list[Prelabelled]]:
    with project.recording("row") as recording:
        yield prelabel(recording, default_ontology())


def _at(x: float, y: float, *, yaw: float = 0.0, size: tuple[float, float, float] = (4.5, 1.9, 1.5)) -> Cuboid:
    return Cuboid(RigidTransform.from_yaw(yaw, [x, y, 0.5 * size[2]]), np.array(size))


def _fit(frame: int, cuboid: Cuboid, velocity: tuple[float, float], length_sigma: float = 0.1) -> CuboidFit:
    return CuboidFit(
        frame=frame,
        time_ns=frame * 100_000_000,
        cuboid=cuboid,
        classes=(("car", 0.9), ("pedestrian", 0.1)),
        sigmas=Sigmas(0.1, 0.1, 0.05, 0.02, length_sigma, 0.1, 0.1),
        confidence=0.9,
        heading_known=True,
        motion=Motion(np.array(velocity), 0.9, True),
        frames=(frame,),
        points=100,
    )


def test_most_of_the_cars_are_found(project: Project, proposals: list[Prelabelled]) -> None:
    labels = project.labels()
    truths = [track for track in labels.tracks("row").values() if track.class_name == "car"]
    labels.close()
    found = [track for track in truths if any(_same(each.track, track) for each in proposals)]
    assert len(found) >= 0.6 * len(truths)


def _same(proposal: Track, truth: Track) -> bool:
    moment = int(proposal.times_ns[len(proposal) // 2])
    return nearness(proposal.cuboid_at(moment), truth.cuboid_at(moment)) < 0.3


def test_proposals_say_who_made_them_and_how_sure_they_are(proposals: list[Prelabelled]) -> None:
    assert proposals
    for each in proposals:
        assert set(each.track.makers) == {Maker.MODEL}
        assert dict(each.track.attributes)[CONFIDENCE] == f"{each.confidence:.2f}"
        assert all(each.track.presence_at(int(time_ns)) is PresenceKind.OBSERVED for time_ns in each.track.times_ns)
    assert [each.confidence for each in proposals] == sorted((each.confidence for each in proposals), reverse=True)


def test_what_is_labelled_already_is_not_doubled(project: Project, proposals: list[Prelabelled]) -> None:
    labels = project.labels()
    before = labels.tracks("row")
    known = add_prelabels(labels, "row", proposals)
    again = add_prelabels(labels, "row", proposals)
    after = labels.tracks("row")
    labels.close()
    truths = [each for each in proposals if any(_same(each.track, track) for track in before.values())]
    assert known.known >= len(truths) > 0
    assert not again.added
    assert set(after) == set(before) | {each.track.id for each in known.added}


def test_clusters_are_things_and_the_ground_is_none(project: Project) -> None:
    with project.recording("row") as recording:
        sight = Sights(recording)[2]
    found = clusters(sight)
    assert len(found) > 3
    assert sight.ground is not None
    for cluster in found:
        assert np.all(cluster.points[2] - sight.ground.height_at(cluster.points.T) > 0.25)
        assert np.min(np.linalg.norm(cluster.points.T - cluster.seed, axis=1)) < 1e-6


def test_things_that_pass_each_other_keep_their_identities() -> None:
    right = [_fit(frame, _at(1.0 * frame, 0.0), (10.0, 0.0)) for frame in range(12)]
    left = [_fit(frame, _at(11.0 - 1.0 * frame, 3.5, yaw=np.pi), (-10.0, 0.0)) for frame in range(12)]
    hidden = {4, 5, 6}
    chains = joined([each for each in right + left if each.frame not in hidden], _EYES)
    assert sorted(len(chain.fits) for chain in chains) == [9, 9]
    for chain in chains:
        assert np.ptp(chain.world_from_object.translation[:, 1]) < 1e-6
        assert chain.kind == "car"


def test_fits_of_one_moment_are_no_track() -> None:
    assert joined([_fit(3, _at(0.0, 0.0), (10.0, 0.0))], _EYES) == []


def test_the_size_comes_from_who_saw_it_and_seen_sides_stay() -> None:
    """The second fit saw the length; the first, only the rear, which faces the LiDAR at x = -20."""
    short = _fit(0, _at(0.0, 0.0, size=(4.0, 1.9, 1.5)), (10.0, 0.0), length_sigma=0.5)
    whole = _fit(1, _at(1.5, 0.0, size=(5.0, 1.9, 1.5)), (10.0, 0.0), length_sigma=0.02)
    chain = chain_of([short, whole], _EYES)
    assert chain.size_m[0] == pytest.approx(5.0, abs=0.05)
    rear = chain.world_from_object.translation[0, 0] - 0.5 * chain.size_m[0]
    assert rear == pytest.approx(-2.0, abs=1e-6)


def test_of_two_in_one_place_the_surer_one_stays() -> None:
    sure, unsure = _fit(0, _at(0.0, 0.0), (0.0, 0.0)), replace(_fit(0, _at(0.2, 0.1), (0.0, 0.0)), confidence=0.4)
    beside = _fit(0, _at(0.0, 2.6), (0.0, 0.0))
    assert distinct([unsure, sure, beside]) == [sure, beside]


def test_claims_know_where_things_stand() -> None:
    claims = Claims()
    claims.claim_cuboid(_at(10.0, 5.0, yaw=0.7))
    inside = _at(10.0, 5.0, yaw=0.7).corners_in_world.T * 0.9 + np.array([[1.0], [0.5], [0.0]])
    assert claims.share(inside.astype(np.float32)) == 1.0
    assert claims.share(inside.astype(np.float32) + 10.0) == 0.0


def test_what_moves_is_followed_through_all_frames(project: Project) -> None:
    """The solver goes on where single frames say too little, and two chains of one car become one track."""
    with project.recording("row") as recording:
        evidence = gather_evidence(recording)
    labels = project.labels()
    true = [track for track in labels.tracks("row").values() if CONFIDENCE not in dict(track.attributes)]
    truth = max(true, key=lambda track: track.speed_mps())
    labels.close()
    eyes = dict.fromkeys(range(8), np.zeros(2))

    def chain(rows: range) -> Chain:
        fits = []
        for row in rows:
            time_ns = int(evidence.start_ns + 1e9 * evidence.seconds[row])
            fit = _fit(row, truth.cuboid_at(time_ns), (5.0, 0.0))
            fits.append(replace(fit, time_ns=time_ns))
        return chain_of(fits, eyes)

    found = [followed(chain(rows), truth.class_name, evidence) for rows in (range(0, 3), range(4, 7))]
    assert all(each is not None for each in found)
    one, two = (each for each in found if each is not None)
    assert {knot.maker for knot in one.track.knots} == {Maker.MODEL}
    last = int(evidence.start_ns + 1e9 * evidence.seconds[-1])
    assert np.hypot(*(one.track.at(last).translation - truth.at(last).translation)[:2]) < 0.5
    assert len(without_twins([one, two])) == 1
