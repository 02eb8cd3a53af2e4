"""The world that stands still: what moves is gone, what stands is there once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion.cloud import fused_cloud
from fusion.recording import Recording
from fusion.voxels import VoxelMerger
from labeling.formats import LABEL_FORMATS
from labeling.ontology import default_ontology
from labeling.static_cloud import on_tracks, static_cloud
from labeling.track import Track
from tests.conftest import ROOT

STREET = ROOT / "sample_data" / "street.h5"


@pytest.fixture(scope="module")
def tracks() -> list[Track]:
    with Recording.open(STREET) as recording:
        path: Path = ROOT / "sample_data" / "street.tracks.json"
        return list(LABEL_FORMATS["boxwright"].read(recording, path, default_ontology()))


def test_what_moves_is_gone_and_what_is_parked_stays(tracks: list[Track]) -> None:
    with Recording.open(STREET) as recording:
        frames = list(range(0, 30, 6))
        cloud = static_cloud(recording, tracks, frames=frames, voxel_m=0.2)
        whole = static_cloud(recording, [], frames=frames, voxel_m=0.2)
        assert 0.5 * len(whole) < len(cloud) < len(whole)
        for track in tracks:
            inside = sum(_inside(cloud.points_in_world, track, recording.frame_middle_ns(frame)) for frame in frames)
            before = sum(_inside(whole.points_in_world, track, recording.frame_middle_ns(frame)) for frame in frames)
            if track.speed_mps() > 1.0 and before > 100:
                assert inside < 0.2 * before, track.id
            if track.speed_mps() < 0.1:
                assert inside == before, track.id


def _inside(points: np.ndarray, track: Track, time_ns: int) -> int:
    """Points in the middle of the cuboid, off the ground."""
    local = np.abs(track.at(time_ns).inverse().apply(points))
    return int(np.all(local < 0.4 * np.array(track.size_m), axis=1).sum())


def test_points_are_compared_at_their_own_times(tracks: list[Track]) -> None:
    fast = max(tracks, key=Track.speed_mps)
    with Recording.open(STREET) as recording:
        cloud = fused_cloud(recording, 3)
    mine = on_tracks(cloud, [fast], margin_m=0.05)
    assert mine.sum() > 50
    poses = fast.at(cloud.times_ns[mine])
    local = np.array(
        [poses[k].inverse().apply(p) for k, p in enumerate(cloud.points_in_world[mine].astype(np.float64))]
    )
    assert np.all(np.abs(local) <= 0.5 * np.array(fast.size_m) + 0.0501)


def test_a_voxel_keeps_the_mean_and_the_number() -> None:
    merger = VoxelMerger(0.5, most_points=100)
    merger.add(np.array([[0.1, 0.1, 0.1], [3.0, 0.2, 0.1]], np.float32), np.array([10, 30], np.uint8))
    merger.add(np.array([[0.3, 0.1, 0.1], [-0.1, 0.1, 0.1]], np.float32), np.array([20, 40], np.uint8))
    cloud = merger.merged()
    assert cloud.counts.tolist() == [2, 1, 1]
    assert np.allclose(cloud.points_in_world[0], [0.2, 0.1, 0.1])
    assert cloud.intensity.tolist() == [15.0, 30.0, 40.0]


@pytest.mark.parametrize("most_points", [50, 1000, 20_000])
def test_memory_is_bounded_by_larger_voxels(most_points: int) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.uniform(-30, 30, (4000, 3)).astype(np.float32) for _ in range(5)]
    merger = VoxelMerger(0.25, most_points=most_points)
    for part in parts:
        merger.add(part, np.ones(len(part)))
    cloud = merger.merged()
    assert len(cloud) <= most_points
    assert int(cloud.counts.sum()) == 20_000
    assert np.log2(cloud.voxel_m / 0.25) % 1.0 == 0.0
    voxels = np.floor(cloud.points_in_world.astype(np.float64) / cloud.voxel_m)
    expected = np.unique(np.floor(np.concatenate(parts).astype(np.float64) / cloud.voxel_m), axis=0)
    assert len(np.unique(voxels, axis=0)) == len(cloud)
    assert {tuple(row) for row in voxels} == {tuple(row) for row in expected}


def test_a_voxel_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"voxels of 0\.0 m"):
        VoxelMerger(0.0, most_points=1)
