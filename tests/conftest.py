"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from fusion import CuboidTable, EgoMotion, EncodedImage, PointFrame, Sweep, Timeline
from fusion.recording import RecordingSource, SourceStream
from labeling.importing import import_source
from labeling.project import Project

# A machine that is busy, or a kernel that is compiled on its first call, is no failure; and CI tries the same examples
# every time, developers' runs look for new ones.
hypothesis.settings.register_profile("boxwright", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("boxwright")

ROOT = Path(__file__).parent.parent
START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real recordings; without them a test says so and skips, except in CI, where that is a failure."""
    folder = Path(os.environ.get("BOXWRIGHT_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "pandaset").is_dir():
        message = f"no real recordings in {folder}; set BOXWRIGHT_REAL_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def pandaset(real_data: Path) -> Path:
    return real_data / "pandaset" / "002"


@pytest.fixture(scope="session")
def argoverse2(real_data: Path) -> Path:
    return real_data / "argoverse2" / "7fab2350-7eaf-3b7e-a39d-6937a4c1bede"


@pytest.fixture(scope="session")
def pandaset_project(pandaset: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """PandaSet imported once; tests that edit take a copy."""
    from fusion.readers import read_source

    project = Project.create(tmp_path_factory.mktemp("pandaset"))
    import_source(project, read_source(pandaset), "drive")
    return project


@pytest.fixture(scope="session")
def argoverse2_project(argoverse2: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    from fusion.readers import read_source

    project = Project.create(tmp_path_factory.mktemp("argoverse2"))
    import_source(project, read_source(argoverse2), "log")
    return project


# The smallest PNG there is: one grey pixel.
PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6368000000820081"
    "77cd72b60000000049454e44ae426082"
)


def tiny_source(frames: int = 6, *, missing_sweep: int | None = None) -> RecordingSource:
    """A hand-made drive along x at 10 m/s with one car ahead at the same speed and one that stands."""
    times = START_NS + PERIOD_NS * np.arange(frames, dtype=np.int64)

    def sweep(index: int) -> Sweep | None:
        if index == missing_sweep:
            return None
        rng = np.random.default_rng(index)
        points = rng.uniform(-20, 20, (500, 3)).astype(np.float32) * np.float32([1, 1, 0.05])
        return Sweep(points, rng.integers(0, 255, 500, dtype=np.uint8), np.linspace(-1e8, 0, 500).astype(np.int32))

    front = RigidTransform.from_matrix(np.array([[0, 0, 1, 1.5], [-1, 0, 0, 0], [0, -1, 0, 1.6]], dtype=float))
    rig = Rig(
        (
            Sensor("lidar", SensorKind.LIDAR, RigidTransform.from_yaw(0.0, [0.0, 0.0, 1.8])),
            Sensor("front", SensorKind.CAMERA, front, Pinhole(640, 400, 400.0, 400.0, 319.5, 199.5)),
        )
    )
    ego_times = np.arange(times[0] - 2 * PERIOD_NS, times[-1] + 2 * PERIOD_NS, PERIOD_NS // 2)
    x = 10.0 * (ego_times - START_NS) * 1e-9
    ego = EgoMotion(Timeline(ego_times), RigidTransform.from_yaw(np.zeros(len(x)), np.stack([x, 0 * x, 0 * x], axis=1)))
    return RecordingSource(
        name="tiny",
        rig=rig,
        ego_motion=ego,
        streams=(
            SourceStream("lidar", Timeline(times), sweep, point_frame=PointFrame.SENSOR),
            SourceStream("front", Timeline(times - 40_000_000), lambda index: EncodedImage(PIXEL_PNG, "image/png")),
        ),
        reference="lidar",
        cuboids=lambda: _tiny_cuboids(times),
    )


def _tiny_cuboids(times: np.ndarray) -> CuboidTable:
    moments = np.tile(times - 50_000_000, 2)
    x = np.concatenate([15.0 + 10.0 * (times - START_NS) * 1e-9, np.full(len(times), 12.0)])
    y = np.concatenate([np.zeros(len(times)), np.full(len(times), 5.0)])
    return CuboidTable(
        track_ids=("moving",) * len(times) + ("standing",) * len(times),
        classes=("car",) * (2 * len(times)),
        times_ns=moments,
        frames=np.tile(np.arange(len(times)), 2),
        world_from_object=RigidTransform.from_yaw(np.zeros(len(x)), np.stack([x, y, np.full(len(x), 0.8)], axis=1)),
        sizes_m=np.tile([4.5, 1.9, 1.6], (len(x), 1)),
    )


@pytest.fixture
def tiny_project(tmp_path: Path) -> Project:
    project = Project.create(tmp_path / "project")
    import_source(project, tiny_source(), "tiny")
    return project
