"""Clouds of any layout, and the time fields of the drivers that people have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion import Sweep
from fusion.readers import read_source
from fusion.readers.ros.point_times import Origin, understand
from tests.fusion.ros.logs import PERIOD_NS, START_NS, Said, cloud, points, write_mcap_log

STAMPS = [START_NS + index * PERIOD_NS for index in range(3)]
WITHIN = np.linspace(0.0, 0.099, 50)  # seconds of a sweep


def only_sweep(tmp_path: Path, table: np.ndarray, **layout: int) -> Sweep:
    said = [Said("/points", START_NS, cloud(table, START_NS, "lidar", **layout))]
    sweep = read_source(write_mcap_log(tmp_path / "log.mcap", said)).streams[0].load(0)
    assert isinstance(sweep, Sweep)
    return sweep


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_byte_orders_padding_and_rows(tmp_path: Path, order: str, kind: str) -> None:
    layout = {
        "names": ["x", "y", "z", "ring", "intensity"],
        "formats": [order + kind] * 3 + [order + "u2", order + "u2"],
        "offsets": [3, 16, 32, 44, 41],
        "itemsize": 48,
    }
    table = np.zeros(12, layout)
    rng = np.random.default_rng(1)
    for name in "xyz":
        table[name] = rng.uniform(-9, 9, 12).astype(np.float32)
    table["intensity"] = np.arange(12) * 1000
    sweep = only_sweep(tmp_path, table, rows=3, padding=7)
    assert np.array_equal(sweep.points_m, np.stack([table[axis] for axis in "xyz"], axis=1).astype(np.float32))
    assert sweep.intensity.dtype == np.float32
    assert np.array_equal(sweep.intensity, table["intensity"])


def test_points_that_are_none_are_left_out(tmp_path: Path) -> None:
    table = points(count=6)
    table["x"][1] = np.nan
    table["z"][2] = np.inf
    for name in "xyz":
        table[name][4] = 0.0
    sweep = only_sweep(tmp_path, table)
    assert np.array_equal(sweep.points_m[:, 0], table["x"][[0, 3, 5]])
    assert len(sweep.time_offset_ns) == 3


def test_an_empty_cloud(tmp_path: Path) -> None:
    assert len(only_sweep(tmp_path, points(count=0))) == 0


def test_bytes_of_intensity_stay_bytes(tmp_path: Path) -> None:
    table = np.zeros(3, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("reflectivity", "u1")])
    table["x"], table["reflectivity"] = 1.0, [0, 7, 255]
    sweep = only_sweep(tmp_path, table)
    assert sweep.intensity.dtype == np.uint8
    assert sweep.intensity.tolist() == [0, 7, 255]


DRIVERS = {
    "velodyne": ("time", "f4", lambda stamp: WITHIN, Origin.STAMP, "s"),
    "velodyne, end stamped": ("time", "f4", lambda stamp: WITHIN - 0.1, Origin.STAMP, "s"),
    "ouster": ("t", "u4", lambda stamp: WITHIN * 1e9, Origin.STAMP, "ns"),
    "livox": ("offset_time", "u4", lambda stamp: WITHIN * 1e9, Origin.STAMP, "ns"),
    "livox, absolute": ("timestamp", "f8", lambda stamp: stamp + WITHIN * 1e9, Origin.CLOCK, "ns"),
    "hesai": ("timestamp", "f8", lambda stamp: stamp * 1e-9 + WITHIN, Origin.CLOCK, "s"),
    "microseconds": ("time_offset", "i4", lambda stamp: WITHIN * 1e6, Origin.STAMP, "us"),
    "milliseconds": ("timestamp", "f4", lambda stamp: WITHIN * 1e3, Origin.STAMP, "ms"),
    "named unit": ("time_us", "f8", lambda stamp: WITHIN * 1e6, Origin.STAMP, "us"),
    "since boot": ("timestamp", "f8", lambda stamp: (stamp - START_NS) * 1e-9 + 77.0 + WITHIN, Origin.OTHER_CLOCK, "s"),
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_time_fields(driver: str) -> None:
    field, kind, values, origin, unit = DRIVERS[driver]
    sweeps = [np.asarray(values(stamp)).astype(kind) for stamp in STAMPS]
    clock = understand(field, sweeps, STAMPS, PERIOD_NS)
    assert clock is not None
    assert (clock.unit, clock.origin) == (unit, origin)
    expected = (WITHIN - 0.1 if "end" in driver else WITHIN) * 1e9
    offsets = clock.offsets_ns(sweeps[2], STAMPS[2])
    assert offsets.dtype == np.int32
    assert np.abs(offsets - expected).max() < 1000  # float64 seconds of 2023 have steps of 238 ns


def test_a_simulated_clock_near_zero() -> None:
    """Offsets and a clock look alike when time began a moment ago; that the clock goes on tells them apart."""
    stamps = [index * PERIOD_NS for index in range(1, 4)]
    clock = understand("time", [stamp * 1e-9 + WITHIN for stamp in stamps], stamps, PERIOD_NS)
    offsets = understand("time", [WITHIN] * 3, stamps, PERIOD_NS)
    assert clock is not None
    assert offsets is not None
    assert (clock.origin, offsets.origin) == (Origin.CLOCK, Origin.STAMP)


def test_times_that_say_nothing() -> None:
    assert understand("t", [np.zeros(5)] * 3, STAMPS, PERIOD_NS) is None
    assert understand("t", [np.full(5, np.nan)], STAMPS[:1], 0) is None


def test_integer_nanoseconds_are_exact(tmp_path: Path) -> None:
    table = points(count=50, extra="t:u4")
    table["t"] = np.arange(50) * 2_000_001
    said = [Said("/points", stamp, cloud(table, stamp, "lidar")) for stamp in STAMPS]
    source = read_source(write_mcap_log(tmp_path / "log.mcap", said))
    sweep = source.streams[0].load(1)
    assert isinstance(sweep, Sweep)
    assert np.array_equal(sweep.time_offset_ns, table["t"])
    assert "/points: field 't' is in ns, zero is the sweep's stamp" in source.notes
