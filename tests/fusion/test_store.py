"""Compact recordings, and recordings that lie in an object store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import RigidTransform
from calibration.errors import RecordingError
from fusion.recording import Recording, write_recording
from fusion.recording.as_source import recording_source
from fusion.recording.compact import decode, encoded, encoded_points, fits, reordered
from fusion.recording.layout import METADATA_BLOCK_BYTES
from fusion.recording.remote import open_remote
from fusion.samples import Sweep
from labeling.project import Project
from tests.conftest import ROOT, tiny_source

SAMPLE = ROOT / "sample_data" / "street.h5"


@given(st.lists(st.integers(-(10**9), 10**9), max_size=40))
def test_whole_numbers_survive(values: list[int]) -> None:
    rows = np.array([values, values[::-1]], dtype=np.int32).reshape(2, -1)
    back = np.empty_like(rows)
    decode(encoded(rows), 1, back)
    assert np.array_equal(back, rows)


def test_points_come_back_to_half_a_millimetre() -> None:
    points = np.random.default_rng(0).uniform(-300.0, 300.0, (5000, 3)).astype(np.float32)
    planes = np.empty((3, 5000), np.float32)
    decode(encoded_points(points), 0.001, planes)
    assert np.abs(planes.T - points).max() < 0.00052


def test_points_of_a_ring_become_neighbours() -> None:
    rng = np.random.default_rng(0)
    sweep = Sweep(
        rng.normal(size=(400, 3)).astype(np.float32),
        rng.integers(0, 255, 400, dtype=np.uint8),
        rng.permutation(400).astype(np.int32),
    )
    pose = RigidTransform.from_yaw(0.3, [0.1, 0.0, 0.2])
    sorted_sweep = reordered(sweep, pose)
    seen = pose.inverse().apply(sorted_sweep.points_m.astype(np.float64))
    rings = np.rint(np.arctan2(seen[:, 2], np.hypot(seen[:, 0], seen[:, 1])) / np.deg2rad(0.16))
    assert np.all(np.diff(rings) >= 0)
    same = np.diff(rings) == 0
    assert np.all(np.diff(sorted_sweep.time_offset_ns.astype(int))[same] > 0)
    assert {*map(tuple, sorted_sweep.points_m.tolist())} == {*map(tuple, sweep.points_m.tolist())}


def test_what_is_too_far_for_millimetres_stays_as_it_is(tmp_path: Path) -> None:
    far = Sweep(np.full((3, 3), 2e6, np.float32), np.zeros(3, np.uint8), np.zeros(3, np.int32))
    assert not fits(far)
    source = tiny_source(1)
    stream = replace(source.streams[0], load=lambda _: far)
    write_recording(replace(source, streams=(stream, *source.streams[1:])), tmp_path / "far.h5", compact=True)
    with Recording.open(tmp_path / "far.h5") as recording:
        assert np.array_equal(recording.sweep("lidar", 0).points_m, far.points_m)


def _canonical(sweep: Sweep) -> np.ndarray:
    columns = [*np.rint(sweep.points_m.T.astype(np.float64) * 1000), sweep.time_offset_ns, sweep.intensity]
    rows = np.stack(columns, axis=1)
    return rows[np.lexsort(rows.T)]


def test_a_compact_pandaset_is_small_and_true(pandaset_project: Project, tmp_path: Path) -> None:
    """Not more than 30 % of what its points and intensities take as float32."""
    with pandaset_project.recording("drive") as recording:
        source = recording_source(recording)
        streams = tuple(
            replace(stream, load=lambda index, load=stream.load: load(index) if index < 3 else None)
            for stream in source.streams
            if stream.sensor in recording.lidars()
        )
        write_recording(replace(source, streams=streams), tmp_path / "compact.h5", compact=True)
        with Recording.open(tmp_path / "compact.h5") as compact:
            points = 0
            for lidar in recording.lidars():
                for index in range(3):
                    assert np.array_equal(
                        _canonical(recording.sweep(lidar, index)), _canonical(compact.sweep(lidar, index))
                    )
                    points += len(compact.sweep(lidar, index))
    assert (tmp_path / "compact.h5").stat().st_size < 0.30 * 16 * points + METADATA_BLOCK_BYTES


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[str, dict[str, object]]]:
    """An S3 server on this machine with the sample in it."""
    server_module = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    options = {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": endpoint, "region_name": "us-east-1"}}
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    client.create_bucket(Bucket="drives")
    client.upload_file(str(SAMPLE), "drives", "street.h5")
    client.put_object(Bucket="drives", Key="empty.h5", Body=b"nothing")
    yield "s3://drives", options
    server.stop()


@pytest.mark.filterwarnings("ignore")  # moto's and botocore's own
def test_a_recording_in_an_object_store(bucket: tuple[str, dict[str, object]]) -> None:
    address, options = bucket
    with open_remote(f"{address}/street.h5", **options) as remote, Recording.open(SAMPLE) as local:
        assert remote.name == local.name
        assert np.array_equal(remote.sweep("lidar_top", 7).points_m, local.sweep("lidar_top", 7).points_m)
        assert remote.image("camera_front", 7).data == local.image("camera_front", 7).data
    with pytest.raises(RecordingError, match="not a readable recording file"):
        open_remote(f"{address}/empty.h5", **options)
    with pytest.raises(RecordingError, match="cannot open the recording"):
        open_remote(f"{address}/missing.h5", **options)


@pytest.mark.filterwarnings("ignore")
def test_few_requests_open_a_recording_and_read_a_sample(
    bucket: tuple[str, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    core = pytest.importorskip("s3fs.core")
    asked: list[int] = []
    fetch = core.S3File._fetch_range

    def counted(self: object, start: int, end: int) -> object:
        asked.append(end - start)
        return fetch(self, start, end)

    monkeypatch.setattr(core.S3File, "_fetch_range", counted)
    address, options = bucket
    with open_remote(f"{address}/street.h5", **options) as recording:
        opened = len(asked)
        recording.sweep("lidar_top", 3)
        assert len(asked) - opened <= 2
    assert opened <= 6
