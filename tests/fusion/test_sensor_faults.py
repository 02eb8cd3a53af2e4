"""Faults in sensor data: each is what its ledger says, and what is not at fault is not touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import RigidTransform, Sensor, SensorKind, UsageError, quaternion
from fusion import DepthImage, EgoMotion, EncodedImage, PointFrame, Sweep, Timeline
from fusion.cloud import sweep_in_world
from fusion.faults import (
    SENSOR_FAULTS,
    Planted,
    SensorFault,
    Skipped,
    ledger_to_json,
    plant_in_source,
)
from fusion.recording import Recording, RecordingSource, SourceStream, write_recording
from fusion.recording.as_source import recording_source
from labeling.project import Project
from tests.conftest import START_NS, tiny_source

FRAMES = 20
KINDS = list(SENSOR_FAULTS)
SEEDS = st.integers(0, 2**32)


def drive(point_frame: PointFrame = PointFrame.SENSOR) -> RecordingSource:
    """The tiny drive in a bend, with photos that differ, a depth camera, and a side camera that has its own poses.

    All points of a sweep have one time, so that its points say the same in every point frame.
    """
    tiny = tiny_source(FRAMES)
    lidar, front = tiny.streams
    times = lidar.timeline.times_ns
    yaw = 0.3 * (tiny.ego_motion.timeline.times_ns - START_NS) * 1e-9
    ego = EgoMotion(tiny.ego_motion.timeline, RigidTransform.from_yaw(yaw, tiny.ego_motion.world_from_ego.translation))
    mounting = RigidTransform.from_yaw(0.2, [0.5, -0.1, 1.8])
    side, deep = tiny.rig["front"], tiny.rig["front"]
    side_mounting = RigidTransform(
        quaternion.multiply(quaternion.from_yaw(1.0), side.ego_from_sensor.rotation), [1, 1, 1]
    )
    rig = replace(
        tiny.rig,
        sensors=(
            replace(tiny.rig["lidar"], ego_from_sensor=mounting),
            side,
            replace(side, name="side", ego_from_sensor=side_mounting),
            Sensor("deep", SensorKind.DEPTH, deep.ego_from_sensor, deep.camera),
        ),
    )

    def sweep(index: int) -> Sweep:
        raw = lidar.load(index)
        assert isinstance(raw, Sweep)
        to_frame = {
            PointFrame.SENSOR: RigidTransform.identity(),
            PointFrame.EGO: mounting,
            PointFrame.WORLD: ego.at(times[index]) * mounting,
        }[point_frame]
        points = to_frame.apply(raw.points_m).astype(np.float32)
        return Sweep(points, np.array(raw.intensity), np.zeros(len(raw), np.int32))

    def photo(index: int) -> EncodedImage:
        return EncodedImage(bytes([index]), "image/png")

    side_times = times + 10_000_000
    return replace(
        tiny,
        rig=rig,
        ego_motion=ego,
        streams=(
            SourceStream("lidar", Timeline(times), sweep, point_frame=point_frame),
            replace(front, load=photo),
            SourceStream("side", Timeline(side_times), photo, ego.at(side_times) * side_mounting),
            SourceStream("deep", Timeline(times), lambda i: DepthImage(np.full((2, 3), i, np.uint16), 0.001)),
        ),
    )


def stream(source: RecordingSource, name: str) -> SourceStream:
    return next(each for each in source.streams if each.sensor == name)


def content(source: RecordingSource, name: str) -> list[object]:
    """All samples of a stream, as values that compare."""
    found: list[object] = []
    for index in range(len(stream(source, name).timeline)):
        sample = stream(source, name).load(index)
        if isinstance(sample, Sweep):
            found.append((sample.points_m.tobytes(), sample.intensity.tobytes(), sample.time_offset_ns.tobytes()))
        elif isinstance(sample, DepthImage):
            found.append((sample.values.tobytes(), sample.metres_per_unit))
        else:
            found.append(None if sample is None else sample.data)
    return found


def poses(source: RecordingSource, name: str) -> RigidTransform:
    """`world_from_sensor` of every sample, as a recording answers."""
    each = stream(source, name)
    if each.world_from_sensor is not None:
        return each.world_from_sensor
    return source.ego_motion.at(each.timeline.times_ns) * source.rig[name].ego_from_sensor


def one(source: RecordingSource, kind: str, sensor: str | None = None, amount: float | None = None, seed: int = 0):
    faulty, ledger = plant_in_source(source, (SensorFault(kind, sensor, amount),), seed)
    assert ledger.skipped == ()
    (entry,) = ledger.entries
    assert entry.kind == kind
    return faulty, entry


def samples(entry: Planted) -> slice:
    return slice(int(entry.amount["first_sample"]), int(entry.amount["last_sample"]) + 1)


def turn_deg(rotation: np.ndarray) -> np.ndarray:
    return np.rad2deg(np.linalg.norm(quaternion.to_rotation_vector(rotation), axis=-1))


# --- what holds for all of them ---------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from(KINDS))
def test_the_same_seed_is_the_same_fault(seed: int, kind: str) -> None:
    source = drive(PointFrame.WORLD)
    one, first = plant_in_source(source, (SensorFault(kind),), seed)
    other, second = plant_in_source(source, (SensorFault(kind),), seed)
    assert ledger_to_json(first) == ledger_to_json(second)
    assert len(first.entries) == 1
    for each in source.streams:
        assert content(one, each.sensor) == content(other, each.sensor)
        assert np.array_equal(poses(one, each.sensor).translation, poses(other, each.sensor).translation)


@given(SEEDS, st.sampled_from([kind for kind in KINDS if not kind.startswith("pose_")]))
def test_other_sensors_are_not_touched(seed: int, kind: str) -> None:
    source = drive()
    faulty, ledger = plant_in_source(source, (SensorFault(kind),), seed)
    (entry,) = ledger.entries
    assert faulty.ego_motion is source.ego_motion
    for each in source.streams:
        if (each.sensor,) == entry.what:
            continue
        assert stream(faulty, each.sensor) is each
        assert faulty.rig[each.sensor] is source.rig[each.sensor]
    first, last = entry.frames
    assert 0 <= first <= last < FRAMES


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_loaded_before_it_is_asked_for(kind: str) -> None:
    source, loads = drive(), []

    def counting(each: SourceStream) -> SourceStream:
        return replace(each, load=lambda index: loads.append(index) or each.load(index))

    faulty, _ = plant_in_source(replace(source, streams=tuple(map(counting, source.streams))), (SensorFault(kind),))
    # Whether what shall go missing, or be repeated, is there at all, only loading tells.
    assert len(loads) == {"frozen_image": 6, "camera_dropout": 5, "lidar_dropout": 3}.get(kind, 0)
    faulty.streams[0].load(0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "amount"),
    [(kind, None) for kind in KINDS if kind.startswith(("pose_", "inverted", "swapped", "quaternion", "mirrored"))]
    + [("time_offset", 0.05), ("time_offset", -0.03), ("clock_jump", 0.2), ("jitter", None)],
)
def test_a_fault_is_the_same_in_whatever_frame_points_are_kept(
    kind: str, amount: float | None, seed: int, tmp_path: Path
) -> None:
    """The world sees one wrong cloud, be the points raw, in the ego frame, or in the world already."""
    clouds: list[list[np.ndarray]] = []
    for point_frame in PointFrame:
        sensor = None if kind.startswith("pose_") else "lidar"
        faulty, _ = one(drive(point_frame), kind, sensor, amount, seed)
        write_recording(faulty, tmp_path / f"{point_frame}.h5")
        with Recording.open(tmp_path / f"{point_frame}.h5") as recording:
            clouds.append([sweep_in_world(recording, "lidar", i).points_in_world for i in (0, 7, FRAMES - 1)])
    right = drive(PointFrame.WORLD).streams[0].load(FRAMES - 1)
    assert isinstance(right, Sweep)
    assert np.abs(clouds[0][-1] - right.points_m).max() > 0.01
    for other in clouds[1:]:
        np.testing.assert_allclose(np.concatenate(other), np.concatenate(clouds[0]), atol=1e-4)


# --- each kind --------------------------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from([("camera_dropout", "front"), ("lidar_dropout", "lidar")]), st.floats(0.05, 5.0))
def test_dropout(seed: int, where: tuple[str, str], seconds: float) -> None:
    source = drive()
    faulty, entry = one(source, *where, seconds, seed)
    right, wrong = content(source, where[1]), content(faulty, where[1])
    gone = [index for index, each in enumerate(wrong) if each is None]
    assert gone == list(range(FRAMES))[samples(entry)]
    assert len(gone) == entry.amount["samples"] == np.clip(round(seconds * 1e9 / 1e8), 1, FRAMES // 2)
    assert all(wrong[i] == right[i] for i in range(FRAMES) if i not in gone)
    assert entry.frames == (gone[0], gone[-1])
    times = stream(source, where[1]).timeline.times_ns
    assert entry.times_ns == (times[gone[0]], times[gone[-1]])


@given(SEEDS)
def test_frozen_image(seed: int) -> None:
    source = drive()
    faulty, entry = one(source, "frozen_image", seed=seed)
    right, wrong = content(source, entry.what[0]), content(faulty, entry.what[0])
    held = int(entry.amount["held_sample"])
    assert held == entry.amount["first_sample"] - 1
    assert {i for i in range(FRAMES) if wrong[i] != right[i]} == set(range(FRAMES)[samples(entry)])
    assert set(wrong[samples(entry)]) == {right[held]}


@given(SEEDS, st.floats(0.01, 0.9))
def test_packet_loss(seed: int, share: float) -> None:
    source = drive()
    faulty, _ = one(source, "packet_loss", "lidar", share, seed)
    load = stream(faulty, "lidar").load
    for index in (0, 11):
        right, wrong = stream(source, "lidar").load(index), load(index)
        assert isinstance(right, Sweep)
        assert isinstance(wrong, Sweep)
        assert len(wrong) / len(right) == pytest.approx(1 - share, abs=0.05)  # packets of two or three points
        kept = {point.tobytes() for point in wrong.points_m}
        assert kept < {point.tobytes() for point in right.points_m}
    first, again = load(3), load(3)
    assert isinstance(first, Sweep)
    assert isinstance(again, Sweep)
    assert np.array_equal(first.points_m, again.points_m)


def test_lost_packets_are_stretches_of_time() -> None:
    lidar = tiny_source(FRAMES).streams[0]
    source = tiny_source(FRAMES)
    shuffled = np.random.default_rng(1).permutation(500)

    def load(index: int) -> Sweep:
        raw = lidar.load(index)
        assert isinstance(raw, Sweep)
        return Sweep(raw.points_m[shuffled], raw.intensity[shuffled], raw.time_offset_ns[shuffled])

    faulty, _ = one(
        replace(source, streams=(replace(lidar, load=load), source.streams[1])), "packet_loss", "lidar", 0.5
    )
    wrong = faulty.streams[0].load(0)
    assert isinstance(wrong, Sweep)
    ranks = np.sort(np.searchsorted(np.sort(load(0).time_offset_ns), wrong.time_offset_ns))
    stretches = 1 + np.count_nonzero(np.diff(ranks) > 1)
    assert len(wrong) == pytest.approx(250, abs=10)
    assert stretches < 100  # single points lost at random would leave about 125


def test_mirrored_points() -> None:
    faulty, _ = one(drive(), "mirrored_points")
    right, wrong = drive().streams[0].load(4), faulty.streams[0].load(4)
    assert isinstance(right, Sweep)
    assert isinstance(wrong, Sweep)
    assert np.array_equal(wrong.points_m, right.points_m * np.float32([1, -1, 1]))


@given(SEEDS, st.sampled_from(["front", "side", "deep"]), st.floats(-0.5, 0.5))
def test_time_offset(seed: int, sensor: str, seconds: float) -> None:
    source = drive()
    faulty, entry = one(source, "time_offset", sensor, seconds, seed)
    shift = stream(faulty, sensor).timeline.times_ns - stream(source, sensor).timeline.times_ns
    assert set(shift.tolist()) == {round(seconds * 1e9)}
    assert entry.amount["offset_s"] == seconds
    assert content(faulty, sensor) == content(source, sensor)
    # Poses are those of the wrong time.
    expected = source.ego_motion.at(stream(faulty, sensor).timeline.times_ns) * source.rig[sensor].ego_from_sensor
    inner = slice(6, -6)  # a stream's own poses end with it, and are held a little beyond
    np.testing.assert_allclose(poses(faulty, sensor).translation[inner], expected.translation[inner], atol=0.01)


def test_frames_follow_the_clock_of_the_reference(tmp_path: Path) -> None:
    write_recording(drive(), tmp_path / "a.h5")
    with Recording.open(tmp_path / "a.h5") as recording:
        faulty, _ = one(recording_source(recording), "time_offset", "lidar", 0.03)
        write_recording(faulty, tmp_path / "b.h5")
        with Recording.open(tmp_path / "b.h5") as late:
            assert set((late.frames.times_ns - recording.frames.times_ns).tolist()) == {30_000_000}
            assert np.array_equal(late.frames.times_ns, late.times_ns("lidar"))
            assert [late.sample_of("front", f) for f in range(FRAMES)] == list(range(FRAMES))


@given(SEEDS)
def test_clock_jump_and_jitter(seed: int) -> None:
    source = drive()
    faulty, entry = one(source, "clock_jump", "front", 0.2, seed)
    shift = stream(faulty, "front").timeline.times_ns - stream(source, "front").timeline.times_ns
    first = int(entry.amount["first_sample"])
    assert FRAMES // 4 <= first < 3 * FRAMES // 4
    assert set(shift[:first].tolist()) == {0}
    assert set(shift[first:].tolist()) == {200_000_000}
    faulty, entry = one(source, "jitter", "front", 0.02, seed)
    shift = stream(faulty, "front").timeline.times_ns - stream(source, "front").timeline.times_ns
    assert 0.005e9 < shift.std() < 0.04e9
    assert np.abs(shift).max() * 1e-9 == pytest.approx(entry.amount["largest_s"])


@given(SEEDS, st.sampled_from(["front", "side", "lidar"]), st.floats(0.1, 20.0))
def test_extrinsic_drift(seed: int, sensor: str, degrees: float) -> None:
    source = drive()
    faulty, entry = one(source, "extrinsic_drift", sensor, degrees, seed)
    error = poses(source, sensor).inverse() * poses(faulty, sensor)
    first = int(entry.amount["first_sample"])
    np.testing.assert_allclose(turn_deg(error.rotation[first:]), degrees, atol=1e-6)
    np.testing.assert_allclose(error.translation, 0.0, atol=1e-9)
    # Only a camera with poses of its own can be knocked in mid-way.
    assert (first > 0) == (sensor == "side") == (faulty.rig is source.rig)
    assert np.array_equal(poses(faulty, sensor).rotation[:first], poses(source, sensor).rotation[:first])


def test_extrinsic_drift_of_points_that_are_in_the_world() -> None:
    faulty, entry = one(drive(PointFrame.WORLD), "extrinsic_shift", "lidar", 0.5)
    first = int(entry.amount["first_sample"])
    for index in range(FRAMES):
        right, wrong = drive(PointFrame.WORLD).streams[0].load(index), faulty.streams[0].load(index)
        assert isinstance(right, Sweep)
        assert isinstance(wrong, Sweep)
        moved = np.linalg.norm(wrong.points_m - right.points_m, axis=1)
        np.testing.assert_allclose(moved, 0.5 if index >= first else 0.0, atol=1e-4)


@pytest.mark.parametrize("sensor", ["side", "lidar"])
def test_mountings_that_were_misread(sensor: str) -> None:
    source = drive()
    right = source.rig[sensor].ego_from_sensor
    faulty, _ = one(source, "inverted_extrinsic", sensor)
    assert faulty.rig[sensor].ego_from_sensor.almost_equal(right.inverse())
    faulty, _ = one(source, "quaternion_order", sensor)
    w, x, y, z = right.rotation
    assert faulty.rig[sensor].ego_from_sensor.rotation.tolist() == [z, w, x, y]
    faulty, entry = one(source, "swapped_axes", sensor)
    assert entry.amount["rotation_deg"] == pytest.approx(90.0 if sensor == "lidar" else 120.0)
    error = right.inverse() * faulty.rig[sensor].ego_from_sensor
    assert np.sort(np.abs(error.matrix[:3, :3]), axis=1) == pytest.approx(np.tile([0, 0, 1], (3, 1)), abs=1e-12)
    ego = source.ego_motion.at(stream(source, sensor).timeline.times_ns)
    assert poses(faulty, sensor).almost_equal(ego * faulty.rig[sensor].ego_from_sensor, atol_m=1e-9, atol_rad=1e-7)


def test_scaled_intrinsics() -> None:
    source = drive()
    faulty, _ = one(source, "scaled_intrinsics", "front", 0.5)
    right, wrong = source.rig["front"].model, faulty.rig["front"].model
    points = [[0.3, -0.2, 4.0], [-1.0, 0.5, 9.0]]
    np.testing.assert_allclose(wrong.project(points)[0] + 0.5, 0.5 * (right.project(points)[0] + 0.5))
    assert (wrong.width_px, wrong.height_px) == (right.width_px, right.height_px)


@given(SEEDS, st.sampled_from(["pose_jump", "pose_drift"]))
def test_poses_of_the_ego(seed: int, kind: str) -> None:
    source = drive()
    faulty, entry = one(source, kind, None, 2.0, seed)
    assert entry.what == ("ego",)
    assert entry.times_ns is not None
    for motion in (
        lambda s: (s.ego_motion.timeline.times_ns, s.ego_motion.world_from_ego.translation),
        lambda s: (stream(s, "side").timeline.times_ns, poses(s, "side").translation),
    ):
        times, right = motion(source)
        moved = np.linalg.norm(motion(faulty)[1] - right, axis=1)
        seconds = (times - entry.times_ns[0]) * 1e-9
        expected = 2.0 * (seconds >= 0) if kind == "pose_jump" else 2.0 * np.maximum(seconds, 0)
        np.testing.assert_allclose(moved, expected, atol=1e-9)


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rust",), "unknown sensor fault 'rust'; one of camera_dropout, frozen_image, "),
        (("time_offset", "nose"), "there is no sensor 'nose'; one of lidar, front, side, deep"),
        (("camera_dropout", "lidar"), "camera_dropout needs a camera; lidar is a lidar"),
        (("pose_jump", "front"), "pose_jump is a fault of the ego's poses, not of a sensor; drop :front"),
        (("inverted_extrinsic", None, 3.0), "inverted_extrinsic has no amount; drop =3"),
        (("packet_loss", None, 1.5), "packet_loss cannot be 1.5 share of points; the usual is 0.1"),
        (("camera_dropout", None, -1.0), "camera_dropout cannot be -1 s; the usual is 0.5"),
        (("time_offset", None, float("inf")), "time_offset cannot be inf s"),
    ],
)
def test_wrong_calls_are_said_in_one_line(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plant_in_source(drive(), (SensorFault(*arguments),))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_what_cannot_be_planted_is_said() -> None:
    source = drive()
    blind = replace(source, streams=source.streams[:1], ego_motion=EgoMotion.standing_still())
    still = replace(
        blind,
        rig=replace(source.rig, sensors=(replace(source.rig["lidar"], ego_from_sensor=RigidTransform.identity()),)),
    )
    faults = ["camera_dropout", "pose_jump", "inverted_extrinsic", "clock_jump", "lidar_dropout"]
    chosen = tuple(SensorFault(kind, amount=-1.0 if kind == "clock_jump" else None) for kind in faults)
    _, ledger = plant_in_source(still, chosen, 5)
    assert ledger.skipped == (
        Skipped("camera_dropout", 1, 0, "no camera has 4 samples"),
        Skipped("pose_jump", 1, 0, "the ego stands still: it has one pose"),
        Skipped("inverted_extrinsic", 1, 0, "the mounting of lidar stays the same under it"),
        Skipped("clock_jump", 1, 0, "times of lidar would no longer increase"),
    )
    assert [entry.kind for entry in ledger.entries] == ["lidar_dropout"]


def test_what_never_came_cannot_go_missing() -> None:
    source = drive()
    lidar = source.streams[0]

    def gaps(present: set[int]) -> RecordingSource:
        thinned = replace(lidar, load=lambda index: lidar.load(index) if index in present else None)
        return replace(source, streams=(thinned, *source.streams[1:]))

    _, ledger = plant_in_source(gaps(set()), (SensorFault("lidar_dropout"),))
    assert ledger.skipped[0].reason == "lidar has too few samples with data"
    for seed in range(10):
        every_third = set(range(0, FRAMES, 3))
        faulty, entry = one(gaps(every_third), "lidar_dropout", None, 0.5, seed)
        left = {index for index, each in enumerate(content(faulty, "lidar")) if each is not None}
        assert left == every_third - set(range(FRAMES)[samples(entry)])
        assert len(every_third) - len(left) == entry.amount["samples"] > 0


def test_a_sensor_is_looked_for_in_which_the_fault_shows() -> None:
    """A camera that looks exactly ahead has a quaternion that reads the same in both orders."""
    for seed in range(6):
        _, ledger = plant_in_source(drive(), (SensorFault("quaternion_order"),), seed)
        assert ledger.entries[0].what[0] in ("side", "lidar")
    _, ledger = plant_in_source(drive(), (SensorFault("quaternion_order", "front"),))
    assert ledger.skipped[0].reason == "the mounting of front stays the same under it"


def test_few_samples_are_said() -> None:
    _, ledger = plant_in_source(tiny_source(3), (SensorFault("jitter", "front"), SensorFault("jitter")))
    assert [each.reason for each in ledger.skipped] == [
        "front has 3 samples, too few for a before and after",
        "no camera or lidar or depth has 4 samples",
    ]


# --- real data --------------------------------------------------------------------------------------------------------


def test_every_kind_in_pandaset(pandaset_project: Project, tmp_path: Path) -> None:
    with pandaset_project.recording("drive") as recording:
        faults = tuple(SensorFault(kind) for kind in KINDS)
        faulty, ledger = plant_in_source(recording_source(recording), faults, 1)
        assert [entry.kind for entry in ledger.entries] == KINDS
        assert ledger.skipped == ()
        write_recording(faulty, tmp_path / "faulty.h5")
        with Recording.open(tmp_path / "faulty.h5") as wrong:
            assert wrong.streams == recording.streams
            for kind in ("camera_dropout", "lidar_dropout"):
                (entry,) = ledger.of_kind(kind)
                assert wrong.count(entry.what[0]) == 24 - entry.amount["samples"]
            (entry,) = ledger.of_kind("frozen_image")
            held, first = int(entry.amount["held_sample"]), int(entry.amount["first_sample"])
            assert wrong.image(entry.what[0], first).data == recording.image(entry.what[0], held).data
            (entry,) = ledger.of_kind("packet_loss")
            lost = 1 - len(wrong.sweep(entry.what[0], 0)) / len(recording.sweep(entry.what[0], 0))
            assert lost == pytest.approx(0.1, abs=0.001)
