"""One click on a known world: the cuboid is where the thing is, and says honestly what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from calibration import RigidTransform
from calibration.errors import InputError
from fusion.recording import Recording
from fusion.scenario.language.loading import scene_of
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import (
    FrameSight,
    PointClick,
    RayClick,
    RoughBox,
    Sights,
    fit_cuboid,
    pixel_click,
    priors_of,
)
from labeling.automation.one_click.growing import grow
from labeling.automation.one_click.motion import find_motion
from labeling.automation.one_click.scoring import refine, score
from labeling.cuboid import Cuboid
from labeling.frame_times import FrameTimes
from labeling.ontology import default_ontology
from labeling.project import Project
from labeling.synthetic import simulate_into
from labeling.track import Track

_EYES = np.array([[-15.0, -8.0]])
_CAR = np.array([4.6, 1.9, 0.35, 0.12])


@pytest.fixture(scope="module")
def parked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recording, dict[str, Track]]]:
    """A row of parked cars, one of which pulls out: 12 frames."""
    project = Project.create(tmp_path_factory.mktemp("one-click"))
    simulate_into(project, replace(scene_of("parked_row_pull_out"), frames=12), 0, "parked")
    labels = project.labels()
    tracks = labels.tracks("parked")
    labels.close()
    with project.recording("parked") as recording:
        yield recording, tracks


def _clicks(sights: Sights, tracks: dict[str, Track], frame: int) -> Iterator[tuple[Track, Cuboid, PointClick]]:
    """A point of every vehicle with 100 or more in the frame."""
    times, points = FrameTimes(sights.recording), sights[frame].points.T
    for track in tracks.values():
        cuboid = track.cuboid_at(times.time_of(track, frame))
        inside = np.flatnonzero(cuboid.contains(points))
        if class_prior(track.class_name).is_vehicle and len(inside) >= 100:
            yield track, cuboid, PointClick(points[inside[len(inside) // 2]].astype(np.float64))


def _shared(one: Cuboid, two: Cuboid) -> float:
    """Overlap of two boxes by counting places in a grid of 5 cm."""
    grid = np.stack(np.meshgrid(*[np.arange(-4.0, 4.0, 0.1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    places = grid + one.world_from_object.translation
    a, b = one.contains(places), two.contains(places)
    return float((a & b).sum() / (a | b).sum())


def test_every_car_is_found_by_one_click(parked: tuple[Recording, dict[str, Track]]) -> None:
    recording, tracks = parked
    sights = Sights(recording)
    overlaps = []
    for track, _, click in _clicks(sights, tracks, 6):
        fit = fit_cuboid(sights, 6, click, priors=priors_of(default_ontology()))
        overlaps.append(_shared(fit.cuboid, track.cuboid_at(fit.time_ns)))
        assert abs(sum(share for _, share in fit.classes) - 1.0) < 1e-9
        assert 0.0 <= fit.confidence <= 1.0
    assert len(overlaps) >= 3
    assert np.median(overlaps) > 0.75


def test_a_ray_and_a_rough_box_mean_the_same_as_a_point(parked: tuple[Recording, dict[str, Track]]) -> None:
    recording, tracks = parked
    sights = Sights(recording)
    seen = list(_clicks(sights, tracks, 6))
    _, truth, click = max(seen, key=lambda each: each[1].contains(sights[6].points.T).sum())
    by_point = fit_cuboid(sights, 6, click, neighbours=False)
    nearest = np.argmin(np.linalg.norm(sights[6].points.T - click.point_in_world, axis=1))
    eye = sights[6].eyes[:, nearest].astype(np.float64)
    by_ray = fit_cuboid(sights, 6, RayClick(eye, click.point_in_world - eye), neighbours=False)
    shifted = RigidTransform.from_yaw(
        float(truth.world_from_object.yaw_rad) + 0.1, truth.world_from_object.translation + 0.2
    )
    by_box = fit_cuboid(sights, 6, RoughBox(Cuboid(shifted, truth.size_m)), neighbours=False)
    assert _shared(by_ray.cuboid, by_point.cuboid) > 0.8
    assert _shared(by_box.cuboid, by_point.cuboid) > 0.8


def test_a_pixel_is_a_ray_through_the_thing(parked: tuple[Recording, dict[str, Track]]) -> None:
    recording, _ = parked
    camera = recording.cameras()[0]
    place = recording.world_from_sensor(camera, 0).apply(np.array([0.3, 0.2, 9.0]))
    point_in_camera = recording.world_from_sensor(camera, 0).inverse().apply(place)
    pixels, valid = recording.rig[camera].model.project(point_in_camera[None])
    assert valid[0]
    click = pixel_click(recording, camera, 0, (float(pixels[0, 0]), float(pixels[0, 1])))
    towards = (place - click.origin_in_world) / np.linalg.norm(place - click.origin_in_world)
    assert np.dot(click.direction_in_world / np.linalg.norm(click.direction_in_world), towards) > 1.0 - 1e-9


def test_a_click_into_the_air_is_told_so(parked: tuple[Recording, dict[str, Track]]) -> None:
    with pytest.raises(InputError, match="no LiDAR point is there"):
        fit_cuboid(Sights(parked[0]), 6, PointClick(np.array([0.0, 0.0, 80.0])))


def _side(x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    count = int(max(abs(x[1] - x[0]), abs(y[1] - y[0])) / 0.1) + 1
    return np.stack([np.linspace(*x, count), np.linspace(*y, count), np.ones(count), np.ones(count)], axis=1)


def test_an_unseen_side_is_not_a_short_side() -> None:
    """Of a car only the rear is seen: the length is the class's, ahead of the rear."""
    hits, free = _side((-2.3, -2.3), (-0.9, 0.9)), np.empty((0, 3))
    first = np.array([-1.2, 0.0, 0.0, 2.2, 1.8])
    box, _ = refine(first, hits, free, np.array([[-20.0, 0.0]]), _CAR, 6)
    assert box[3] == pytest.approx(4.6, abs=0.15)
    assert box[0] - 0.5 * box[3] == pytest.approx(-2.3, abs=0.15)


def test_beams_that_went_through_shorten_a_side() -> None:
    hits = _side((-2.3, -2.3), (-0.9, 0.9))
    x, y = np.meshgrid(np.arange(1.4, 4.0, 0.2), np.arange(-2.0, 2.0, 0.2))
    free = np.stack([x.ravel(), y.ravel(), np.full(x.size, 4.0)], axis=1)
    box, _ = refine(np.array([0.0, 0.0, 0.0, 4.6, 1.9]), hits, free, np.array([[-20.0, 0.0]]), _CAR, 6)
    assert box[0] + 0.5 * box[3] < 1.6


def test_a_corner_says_where_and_how_a_car_stands() -> None:
    hits = np.concatenate([_side((-2.3, -2.3), (-0.95, 0.95)), _side((-2.3, 2.3), (-0.95, -0.95))])
    truth = np.array([0.0, 0.0, 0.0, 4.7, 2.0])
    box, value = refine(truth + np.array([0.1, -0.1, 0.08, -0.2, 0.1]), hits, np.empty((0, 3)), _EYES, _CAR, 6)
    assert np.allclose(box, truth, atol=0.12)
    assert value >= score(truth, hits, np.empty((0, 3)), _EYES, _CAR) - 1e-6


def test_growing_stops_at_a_gap() -> None:
    left, right = np.linspace(0.0, 2.0, 30), np.linspace(2.6, 4.0, 20)
    x = np.concatenate([left, right])
    points = np.stack([x, np.zeros_like(x), np.ones_like(x)]).astype(np.float32)
    assert grow(points, np.array([0]), 0.3).sum() == 30
    assert grow(points, np.array([0]), 0.7).all()


@pytest.mark.parametrize("speed", [-14.0, 0.0, 5.0, 22.0])
def test_the_velocity_is_that_of_the_thing(parked: tuple[Recording, dict[str, Track]], speed: float) -> None:
    """An L of points that drives by, in four frames around the first."""
    corner = np.concatenate([_side((-2.3, -2.3), (-0.9, 0.9)), _side((-2.3, 2.3), (-0.9, -0.9))])[:, :3]
    base = parked[0]
    template = Sights(base)[6]
    others = [_moved_sight(template, corner, speed * step * 0.1, step) for step in (-3, -1, 1, 3)]
    motion = find_motion(np.ascontiguousarray(corner.T, dtype=np.float32), 0, others, np.zeros(5), 0.0, 2.2)
    assert motion.known
    assert motion.velocity_mps == pytest.approx([speed, 0.0], abs=0.35)
    assert motion.moves == (speed != 0.0)


def _moved_sight(template: FrameSight, corner: np.ndarray, shift: float, step: int) -> FrameSight:
    points = (corner + np.array([shift, 0.0, 0.0])).T.astype(np.float32)
    count = points.shape[1]
    return replace(
        template,
        frame=step,
        points=points,
        eyes=np.zeros((3, count), np.float32),
        times_ns=np.full(count, step * 100_000_000, np.int64),
        sources=np.zeros(count, np.uint8),
        azimuths=np.sort(np.arctan2(points[1], points[0])).astype(np.float32),
        middles=np.zeros((1, 2)),
        ends=np.array([0, count]),
    )


def test_frames_are_prepared_with_their_eyes(parked: tuple[Recording, dict[str, Track]]) -> None:
    sight = Sights(parked[0])[3]
    lidar = parked[0].lidars()[0]
    place = parked[0].world_from_sensor(lidar, 3).translation
    assert np.all(np.linalg.norm(sight.eyes.T - place, axis=1) < 3.0)
    spans = sight.spans(sight.points[:2, 1000].astype(np.float64), 2.0)
    assert any(first <= 1000 < last for first, last in spans)
