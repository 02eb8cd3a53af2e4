"""What the scene shows of a cloud: no more points than it can paint, in the colours that were asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.dense_drive import write_dense
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from viewer.scene import SceneStream, log_sensors
from viewer.scene.colors import ColorBy, source_colors
from viewer.scene.sensors import scene_cloud


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dense") / "dense.h5"
    write_dense(path, 2, 600_000)
    return path


def test_a_large_frame_is_thinned_and_a_small_one_is_not(dense: Path) -> None:
    with Recording.open(dense) as recording:
        whole, shown = fused_cloud(recording, 1), scene_cloud(recording, 1)
        assert len(whole) > 500_000
        assert 200_000 < len(shown) <= 240_000
        assert shown.counts == (len(shown),)
        assert {tuple(p) for p in shown.points_in_world[:100].tolist()} <= {
            tuple(p) for p in whole.points_in_world.tolist()
        }
        assert len(scene_cloud(recording, 1, budget=1_000_000)) == len(whole)
        around = [[10.0, 4.0, 0.5, 3.0]]
        few, more = (scene_cloud(recording, 1, budget=20_000, focus=focus) for focus in ((), around))
        near = [(np.linalg.norm(c.points_in_world - [10.0, 4.0, 0.5], axis=1) < 3.0).sum() for c in (few, more)]
        assert near[1] > 2 * near[0]


@pytest.mark.parametrize("color_by", list(ColorBy))
def test_every_colouring_is_drawn(dense: Path, color_by: ColorBy) -> None:
    with Recording.open(dense) as recording:
        stream = SceneStream("dense")
        log_sensors(stream, recording, 0, color_by=color_by, budget=5_000)
        assert 20_000 < len(stream.read()) < 400_000


def test_each_lidar_has_its_colour(dense: Path) -> None:
    with Recording.open(dense) as recording:
        cloud = scene_cloud(recording, 0, budget=1_000)
    colors = source_colors(cloud).astype(float)
    assert colors.shape == (len(cloud), 3)
    assert np.ptp(colors / colors.max(axis=1, keepdims=True), axis=0).max() < 0.05


def test_a_thinned_frame_is_kept_until_the_recording_changes(tmp_path: Path, dense: Path) -> None:
    path = tmp_path / "recordings" / "dense.h5"
    path.parent.mkdir()
    path.write_bytes(dense.read_bytes())
    with Recording.open(path) as recording:
        first, again = scene_cloud(recording, 0, budget=9_000), scene_cloud(recording, 0, budget=9_000)
        assert np.array_equal(first.points_in_world, again.points_in_world)
        assert np.array_equal(first.times_ns, again.times_ns)
        assert (first.sources, first.counts, first.intensity.dtype) == (
            again.sources,
            again.counts,
            again.intensity.dtype,
        )
        (kept,) = (tmp_path / "cache").rglob("*.npz")
        kept.write_bytes(kept.read_bytes()[:1000])
        assert len(scene_cloud(recording, 0, budget=9_000)) == len(first)
    write_dense(path, 1, 30_000)
    with Recording.open(path) as recording:
        assert len(scene_cloud(recording, 0, budget=9_000)) != len(first)
    assert not list((tmp_path / "cache").rglob("*.partial"))
