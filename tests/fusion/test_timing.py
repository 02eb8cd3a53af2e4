"""Times: what was planted is found, when and how much; what works is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import Sensor, SensorKind
from fusion import EncodedImage, Timeline
from fusion.faults import SensorFault, plant_in_source
from fusion.recording import Recording, RecordingSource, SourceStream, write_recording
from fusion.timing import Grid, RecordingTiming, TimeProblem, analyse_times
from labeling.project import Project
from tests.conftest import PERIOD_NS, PIXEL_PNG, START_NS, tiny_source

FRAMES = 60


def drive() -> RecordingSource:
    """Three streams at 10 Hz, with a tenth of a millisecond of noise."""
    tiny = tiny_source(FRAMES)
    lidar = tiny.streams[0]
    rng = np.random.default_rng(3)
    photo = EncodedImage(PIXEL_PNG, "image/png")

    def camera(name: str, phase_ns: int) -> SourceStream:
        noise = rng.normal(0.0, 1e5, FRAMES).astype(np.int64)
        times = START_NS + PERIOD_NS * np.arange(FRAMES, dtype=np.int64) + phase_ns + noise
        return SourceStream(name, Timeline(times), lambda index: photo)

    side = Sensor("side", SensorKind.CAMERA, tiny.rig["front"].ego_from_sensor, tiny.rig["front"].camera)
    rig = replace(tiny.rig, sensors=(*tiny.rig, side))
    streams = (lidar, camera("front", -40_000_000), camera("side", -15_000_000))
    return replace(tiny, rig=rig, streams=streams, cuboids=lambda: None)


def analysed(source: RecordingSource, folder: Path) -> RecordingTiming:
    write_recording(source, folder / "drive.h5")
    with Recording.open(folder / "drive.h5") as recording:
        return analyse_times(recording)


def with_times(source: RecordingSource, sensor: str, times: np.ndarray) -> RecordingSource:
    streams = tuple(replace(s, timeline=Timeline(times)) if s.sensor == sensor else s for s in source.streams)
    return replace(source, streams=streams)


def test_streams_that_work_have_no_findings(tmp_path: Path) -> None:
    timing = analysed(drive(), tmp_path)
    assert timing.findings == ()
    front = timing.streams[1]
    assert front.rate_hz == pytest.approx(10.0, abs=0.001)
    assert front.jitter_ms == pytest.approx(0.1, abs=0.03)
    assert front.offset_ms == pytest.approx(-40.0, abs=0.1)
    assert front.frames_without == ()


@pytest.mark.parametrize("sensor", ["lidar", "front", "side"])
@pytest.mark.parametrize("amount", [0.03, 0.05, 0.1, 0.2, -0.06])
def test_a_clock_jump_is_found_when_it_happens(sensor: str, amount: float, tmp_path: Path) -> None:
    source, ledger = plant_in_source(drive(), (SensorFault("clock_jump", sensor, amount),), seed=2)
    timing = analysed(source, tmp_path)
    (found,) = timing.of(sensor, TimeProblem.CLOCK_JUMP)
    assert found.amount == pytest.approx(amount * 1e3, abs=0.5)
    assert found.last == ledger.entries[0].amount["first_sample"]
    assert {each.stream for each in timing.findings} == {sensor}


@pytest.mark.parametrize(("kind", "sensor"), [("camera_dropout", "front"), ("lidar_dropout", "lidar")])
def test_samples_without_data_are_counted(kind: str, sensor: str, tmp_path: Path) -> None:
    source, ledger = plant_in_source(drive(), (SensorFault(kind, sensor),), seed=5)
    timing = analysed(source, tmp_path)
    entry = ledger.entries[0]
    (found,) = timing.findings
    assert (found.stream, found.problem) == (sensor, TimeProblem.MISSING)
    assert (found.first, found.last) == (entry.amount["first_sample"], entry.amount["last_sample"])
    stream = next(each for each in timing.streams if each.stream == sensor)
    assert stream.missing == entry.amount["samples"]
    assert stream.frames_without == tuple(range(entry.frames[0], entry.frames[1] + 1))


def test_jitter_is_measured(tmp_path: Path) -> None:
    source, _ = plant_in_source(drive(), (SensorFault("jitter", "side", 0.008),), seed=1)
    (found,) = analysed(source, tmp_path).findings
    assert (found.stream, found.problem) == ("side", TimeProblem.JITTER)
    assert found.amount == pytest.approx(8.0, rel=0.35)


def test_an_offset_shows_in_the_table(tmp_path: Path) -> None:
    source, _ = plant_in_source(drive(), (SensorFault("time_offset", "front", 0.02),))
    timing = analysed(source, tmp_path)
    assert timing.streams[1].offset_ms == pytest.approx(-20.0, abs=0.1)
    assert timing.findings == ()


def test_samples_that_never_came_are_a_gap(tmp_path: Path) -> None:
    source = drive()
    times = np.delete(source.streams[1].timeline.times_ns, [20, 21, 22, 40])
    timing = analysed(with_times(source, "front", times), tmp_path)
    assert [(each.problem, each.amount) for each in timing.findings] == [(TimeProblem.GAP, 3), (TimeProblem.GAP, 1)]
    assert "nothing for 400 ms, 3 samples lost at 1.9" in timing.findings[0].text
    assert timing.streams[1].lost == 4
    assert timing.streams[1].frames_without == (20, 21, 22, 40)


def test_a_sample_delivered_twice_is_found(tmp_path: Path) -> None:
    source = drive()
    times = source.streams[1].timeline.times_ns
    timing = analysed(with_times(source, "front", np.insert(times, 31, times[30] + 1000)), tmp_path)
    (found,) = timing.findings
    assert (found.problem, found.first, found.last) == (TimeProblem.DUPLICATE, 30, 31)


def test_drift_is_measured_against_the_reference(tmp_path: Path) -> None:
    source = drive()
    times = source.streams[2].timeline.times_ns
    slow = times + ((times - START_NS) * 2e-3).astype(np.int64)
    (found,) = analysed(with_times(source, "side", slow), tmp_path).findings
    assert (found.stream, found.problem) == ("side", TimeProblem.DRIFT)
    assert found.amount == pytest.approx(2000.0, rel=0.1)


@given(
    noise_ms=st.floats(0.0, 1.0),
    lost=st.sets(st.integers(5, 54), max_size=8),
    period_ms=st.floats(10.0, 500.0),
    seed=st.integers(0, 2**32),
)
def test_the_period_is_found_through_noise_and_gaps(
    noise_ms: float, lost: set[int], period_ms: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    noise = noise_ms * 0.02 * period_ms * rng.standard_normal(60)
    times = START_NS + (1e6 * (period_ms * np.arange(60) + noise)).astype(np.int64)
    grid = Grid.of(np.delete(times, sorted(lost)))
    assert grid.period_ns * 1e-6 == pytest.approx(period_ms, rel=2e-3)
    assert int(np.maximum(grid.counts - 1, 0).sum()) == len(lost)
    assert grid.levels.max() == 0


def test_few_samples_have_no_rhythm() -> None:
    for count in range(4):
        grid = Grid.of(START_NS + PERIOD_NS * np.arange(count, dtype=np.int64))
        assert not grid.rhythmic


def test_real_recordings_have_no_findings(pandaset_project: Project, argoverse2_project: Project) -> None:
    with pandaset_project.recording("drive") as recording:
        assert analyse_times(recording).findings == ()
    with argoverse2_project.recording("log") as recording:  # all but 2 of its sweeps are left out here
        assert {each.problem for each in analyse_times(recording).findings} == {TimeProblem.MISSING}
