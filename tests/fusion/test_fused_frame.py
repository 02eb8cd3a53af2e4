"""All sensors of a frame in one cloud."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion.cloud import fused_cloud
from fusion.fused_frame import FusedFrame, fused_frame
from fusion.recording import Recording, write_recording
from labeling.formats import LABEL_FORMATS
from labeling.ontology import default_ontology
from labeling.track import Track
from tests.conftest import ROOT, tiny_source

STREET = ROOT / "sample_data" / "street.h5"
FRAME = 5


@pytest.fixture(scope="module")
def fused() -> FusedFrame:
    with Recording.open(STREET) as recording:
        return fused_frame(recording, FRAME)


def test_every_point_says_who_measured_it_and_when(fused: FusedFrame) -> None:
    assert fused.sources == ("lidar_top", "depth_front")
    with Recording.open(STREET) as recording:
        cloud = fused_cloud(recording, FRAME)
        index = recording.sample_of("depth_front", FRAME)
        assert index is not None
        lidar = fused.source == 0
        assert np.array_equal(fused.points_in_world[lidar], cloud.points_in_world)
        assert np.array_equal(fused.times_ns[lidar], cloud.times_ns)
        assert np.array_equal(fused.intensity[lidar], cloud.intensity.astype(np.float32))
        assert np.all(fused.times_ns[~lidar] == recording.times_ns("depth_front")[index])
    assert np.isnan(fused.intensity[~lidar]).all()
    assert (~lidar).sum() > 10_000
    assert not fused.points_in_world.flags.writeable


def test_depth_and_lidar_see_the_same_road(fused: FusedFrame) -> None:
    from scipy.spatial import cKDTree

    lidar, depth = (fused.points_in_world[fused.source == source] for source in (0, 1))
    distance, _ = cKDTree(lidar).query(depth[::50])
    assert np.median(distance) < 0.2


def oncoming() -> Track:
    """The red saloon: nobody else drives at 10 m/s."""
    with Recording.open(STREET) as recording:
        path = ROOT / "sample_data" / "street.tracks.json"
        tracks = LABEL_FORMATS["boxwright"].read(recording, path, default_ontology())
    return max((track for track in tracks if track.class_name == "car"), key=Track.speed_mps)


def test_a_red_car_has_red_points(fused: FusedFrame) -> None:
    car = oncoming()
    middle = int(np.median(fused.times_ns))
    near = np.linalg.norm(fused.points_in_world - car.at(middle).translation, axis=1) < 4.0
    points, times = fused.points_in_world[near], fused.times_ns[near]
    local = np.array([car.at(int(t)).inverse().apply(p) for p, t in zip(points, times, strict=True)])
    body = np.all(np.abs(local) < 0.5 * np.array(car.size_m) + 0.05, axis=1) & (np.abs(local[:, 2]) < 0.35)
    mine = np.flatnonzero(near)[body]
    mine = mine[fused.has_color[mine]]
    assert len(mine) > 30
    red, green, _ = np.median(fused.color_rgb[mine], axis=0)
    assert red > 1.5 * green


def test_without_photos_colours_are_absent_and_it_says_why(tmp_path: Path) -> None:
    write_recording(tiny_source(missing_sweep=2), tmp_path / "tiny.h5")
    with Recording.open(tmp_path / "tiny.h5") as recording:
        bare = fused_frame(recording, 0, colors=False)
        assert len(bare) == 500
        assert not bare.has_color.any()
        empty = fused_frame(recording, 2)
        assert len(empty) == 0
        assert empty.sources == ()
        assert empty.points_in_world.shape == (0, 3)


def test_a_damaged_photo_costs_only_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    from fusion.samples import EncodedImage

    monkeypatch.setattr(Recording, "image", lambda *_: EncodedImage(b"\xff\xd8 broken", "image/jpeg"))
    with Recording.open(STREET) as recording:
        fused = fused_frame(recording, FRAME)
    assert len(fused) > 10_000
    assert not fused.has_color.any()
    assert len(fused.notes) == 2
    assert "a photo cannot be decoded" in fused.notes[0]


def test_pandaset_is_coloured_all_round(pandaset_project: object) -> None:
    with pandaset_project.recording("drive") as recording:  # type: ignore[attr-defined]
        fused = fused_frame(recording, 5)
    assert fused.sources == ("main_pandar64", "front_gt")
    assert 0.9 < fused.has_color.mean() < 0.99
