"""Point cloud files: every format, every encoding, and what is wrong with those that are not."""

from __future__ import annotations

import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import FormatError, InputError, UnsafeInputError, UsageError
from fusion.readers.clouds import as_sweep, read_cloud
from fusion.readers.clouds.lzf import unpack_lzf
from fusion.readers.clouds.raw import NUSCENES_COLUMNS
from fusion.readers.clouds.sweep import time_offsets
from tests.fusion.readers.writers import cloud, points_of, write_las, write_pcd, write_ply

PCD, PLY = ("ascii", "binary", "binary_compressed"), ("ascii", "binary_little_endian", "binary_big_endian")


@pytest.mark.parametrize("encoding", PCD)
def test_pcd_comes_back_bit_by_bit(tmp_path: Path, encoding: str) -> None:
    table = cloud()
    got = read_cloud(write_pcd(tmp_path / "a.pcd", table, encoding))
    assert np.array_equal(got.points_m, points_of(table))
    assert np.array_equal(got.intensity, table["intensity"])
    assert np.array_equal(got.time, table["t"])
    assert got.dropped == 0


@pytest.mark.parametrize("encoding", PLY)
def test_ply_comes_back_bit_by_bit(tmp_path: Path, encoding: str) -> None:
    table = cloud()
    got = read_cloud(write_ply(tmp_path / "a.ply", table, encoding))
    assert np.array_equal(got.points_m, points_of(table))
    assert np.array_equal(got.time, table["t"])


@pytest.mark.parametrize("encoding", PCD)
def test_fields_come_in_any_order_and_number(tmp_path: Path, encoding: str) -> None:
    table = np.zeros(5, [("ring", "<u2"), ("z", "<f8"), ("x", "<f8"), ("rgb", "<u4"), ("y", "<f8")])
    table["x"], table["z"], table["ring"] = 500_000.123456, 3.0, 7
    got = read_cloud(write_pcd(tmp_path / "a.pcd", table, encoding))
    assert got.points_m.dtype == np.float64
    assert got.points_m[0].tolist() == [500_000.123456, 0.0, 3.0]
    assert list(got.columns) == ["ring", "rgb"]
    assert got.intensity is None


def test_padding_counts_and_trailing_bytes(tmp_path: Path) -> None:
    head = (
        "FIELDS x y z _ normal\nSIZE 4 4 4 1 4\nTYPE F F F U F\nCOUNT 1 1 1 4 3\nWIDTH 2\nHEIGHT 1\n"
        "VIEWPOINT 1 2 3 1 0 0 0\nPOINTS 2\nDATA binary\n"
    )
    row = struct.pack("<3f4x3f", 1, 2, 3, 4, 5, 6)
    (tmp_path / "a.pcd").write_bytes(head.encode() + 2 * row + b"rest")
    got = read_cloud(tmp_path / "a.pcd")
    assert got.points_m.tolist() == [[1, 2, 3], [1, 2, 3]]
    assert got.columns["normal"].tolist() == [[4, 5, 6], [4, 5, 6]]
    assert got.viewpoint is not None
    assert got.viewpoint.translation.tolist() == [1, 2, 3]


def test_a_header_that_lies_about_offsets_is_seen_through(real_data: Path) -> None:
    """SUSTechPOINTS' PCDs: the header puts time and ring where a compiler would not, and where they are not."""
    got = read_cloud(real_data / "sustechpoints" / "example" / "lidar" / "000965.pcd")
    assert len(got) == 66_781
    assert 0.09 < np.ptp(got.time) < 0.11
    assert got.columns["ring"].max() == 39
    assert got.intensity.max() == 255


def test_real_compressed_clouds(real_data: Path) -> None:
    got = read_cloud(real_data / "lidar_camera_alignment" / "calib.pcd")
    assert len(got) == 101_340
    assert abs(np.ptp(got.time) - 0.0998) < 1e-3
    got = read_cloud(real_data / "lidar_camera_pairs" / "kitti" / "pcd" / "000000.pcd")
    assert len(got) == 124_668
    assert 0 <= got.intensity.min() < got.intensity.max() < 1


def test_lzf_references_may_overlap(tmp_path: Path) -> None:
    packed = bytes([2, 1, 2, 3, (7 << 5) | 0, 10, 2])  # three literals, then 19 bytes from three back
    assert unpack_lzf(packed, 22, tmp_path).tolist() == np.resize([1, 2, 3], 22).tolist()


@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_las(tmp_path: Path, suffix: str) -> None:
    points = np.random.default_rng(0).uniform(0, 100, (300, 3)) + np.array([500_000, 5_400_000, 100])
    got = read_cloud(write_las(tmp_path / f"a.{suffix}", points))
    assert got.points_m.dtype == np.float64
    assert np.abs(got.points_m - points).max() < 0.0006
    assert np.array_equal(got.intensity, np.arange(300))
    assert got.time is not None


def test_las_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "laspy", None)
    with pytest.raises(UsageError, match=r"pip install 'boxwright\[las\]'"):
        read_cloud(tmp_path / "a.las")


def test_bare_numbers(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).uniform(-9, 9, (50, 5)).astype("<f4")
    rows.tofile(tmp_path / "a.bin")
    got = read_cloud(tmp_path / "a.bin", NUSCENES_COLUMNS)
    assert np.array_equal(got.points_m, rows[:, :3])
    assert np.array_equal(got.columns["ring"], rows[:, 4])
    np.save(tmp_path / "a.npy", rows)
    assert np.array_equal(read_cloud(tmp_path / "a.npy").intensity, rows[:, 3])
    np.savez_compressed(tmp_path / "a.npz", points=rows[:, :3], intensity=rows[:, 3])
    assert np.array_equal(read_cloud(tmp_path / "a.npz").intensity, rows[:, 3])
    np.save(tmp_path / "b.npy", cloud())
    assert np.array_equal(read_cloud(tmp_path / "b.npy").time, cloud()["t"])


def test_points_without_a_place_are_dropped_and_counted(tmp_path: Path) -> None:
    table = cloud(10)
    table["x"][3], table["z"][5], table["y"][7] = np.nan, np.inf, -np.inf
    for encoding in PCD:
        got = read_cloud(write_pcd(tmp_path / "a.pcd", table, encoding))
        assert (len(got), got.dropped, len(got.intensity), len(got.time)) == (7, 3, 7, 7)


@pytest.mark.parametrize("encoding", PCD)
def test_an_empty_sweep_is_a_sweep(tmp_path: Path, encoding: str) -> None:
    sweep = as_sweep(read_cloud(write_pcd(tmp_path / "a.pcd", cloud(0), encoding)))
    assert len(sweep) == 0


def test_the_unit_of_times_is_what_makes_a_sweep() -> None:
    seconds = np.linspace(0, 0.1, 5)
    expected = np.round(seconds * 1e9)
    for times in (seconds, seconds * 1e3, seconds * 1e6, (seconds * 1e9).astype(np.uint32)):
        assert np.array_equal(time_offsets(times, 5, 0), expected)
    stamp_ns = 1_700_000_000_000_000_000
    assert np.abs(time_offsets(1.7e9 + seconds, 5, stamp_ns) - expected).max() < 300
    assert np.array_equal(time_offsets((seconds * 1e9).astype(np.int64) + stamp_ns, 5, stamp_ns + 7), expected - 7)
    assert np.abs(time_offsets(1820.3 + seconds, 5, 95 * 10**9) - expected).max() < 2
    for useless in (np.full(5, np.nan), np.zeros(5), np.arange(5) * 1e12, np.array([0, 1, 2, 3, 1e300])):
        assert not time_offsets(useless, 5, 0).any()


def _faulty(path: Path) -> str:
    """The one line that reading the file ends with."""
    with pytest.raises(InputError) as caught:
        read_cloud(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


@pytest.mark.parametrize("encoding", PCD)
def test_a_pcd_that_declares_more_than_it_has(tmp_path: Path, encoding: str) -> None:
    for count in (201, 10**6, 2**40, 2**62):
        start = time.perf_counter()
        _faulty(write_pcd(tmp_path / "a.pcd", cloud(), encoding, count=count))
        assert time.perf_counter() - start < 1
    path = write_pcd(tmp_path / "a.pcd", cloud(), encoding)
    path.write_bytes(path.read_bytes()[:-40])
    _faulty(path)


@pytest.mark.parametrize("encoding", PLY)
def test_a_ply_that_declares_more_than_it_has(tmp_path: Path, encoding: str) -> None:
    for count in (10**6, 2**40, 2**62):
        _faulty(write_ply(tmp_path / "a.ply", cloud(), encoding, count=count))


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = write_pcd(tmp_path / "a.pcd", cloud(4), "binary_compressed", count=10**8)
    data = path.read_bytes()
    at = data.index(b"binary_compressed\n") + len(b"binary_compressed\n")
    path.write_bytes(data[:at] + struct.pack("<II", 80, 21 * 10**8) + data[at + 8 :])
    assert "cannot hold" in _faulty(path)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points.npy", b"\x93NUMPY" + bytes(50_000_000))
    assert "zip bomb" in _faulty(tmp_path / "a.npz")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UnsafeInputError, match="Python objects"):
        read_cloud(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"FIELDS x y z", b"FIELDS a y z"),
        (b"SIZE 4 4 4", b"SIZE 3 4 4"),
        (b"SIZE 4 4 4", b"SIZE 4 4"),
        (b"TYPE F F F", b"TYPE F F Q"),
        (b"COUNT 1 1 1", b"COUNT 1 1 -1"),
        (b"COUNT 1 1 1", b"COUNT 1 1 999999999999"),
        (b"COUNT 1 1 1 1 1", b"COUNT 0 0 0 0 0"),
        (b"VIEWPOINT 0 0 0 1", b"VIEWPOINT 0 0 0 0"),
        (b"VIEWPOINT 0 0 0", b"VIEWPOINT nan 0 0"),
        (b"DATA binary", b"DATA magic"),
        (b"DATA binary", b"DOTA binary"),
        (b"POINTS 200", b"POINTS -200"),
        (b"POINTS 200", b"POINTS many"),
    ],
)
def test_pcd_headers_that_make_no_sense(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = write_pcd(tmp_path / "a.pcd", cloud())
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    _faulty(path)


def test_files_that_are_something_else(tmp_path: Path) -> None:
    for suffix in ("pcd", "ply", "las", "laz", "npy", "npz"):
        for data in (b"", b"hello", bytes(1000), b"ply\nformat ascii 1.0\nend_header\n"):
            (tmp_path / f"a.{suffix}").write_bytes(data)
            _faulty(tmp_path / f"a.{suffix}")
    (tmp_path / "a.bin").write_bytes(bytes(17))
    assert "no whole number of rows" in _faulty(tmp_path / "a.bin")
    with pytest.raises(FormatError, match="no point cloud format"):
        read_cloud(tmp_path / "a.xyz")
    with pytest.raises(FormatError, match="missing"):
        read_cloud(tmp_path / "none.pcd")


def _samples(folder: Path) -> dict[str, Callable[[], Path]]:
    made: dict[str, Callable[[], Path]] = {f"{e}.pcd": lambda e=e: write_pcd(folder / "a.pcd", cloud(), e) for e in PCD}
    made |= {f"{e}.ply": lambda e=e: write_ply(folder / "a.ply", cloud(), e) for e in PLY}
    made |= {s: lambda s=s: write_las(folder / f"a.{s}", points_of(cloud())) for s in ("las", "laz")}
    return made


@pytest.mark.parametrize("kind", [*(f"{e}.pcd" for e in PCD), *(f"{e}.ply" for e in PLY), "las", "laz"])
def test_mutated_files_end_in_one_line_or_in_points(tmp_path: Path, kind: str) -> None:
    original = _samples(tmp_path)[kind]()
    data = original.read_bytes()
    rng, lines = np.random.default_rng(1), []
    for round_ in range(60):
        changed = bytearray(data)
        head = min(len(data), 400)
        for at in rng.integers(0, head if round_ % 2 else len(data), rng.integers(1, 6)):
            changed[at] = rng.integers(0, 256)
        if round_ % 5 == 0:
            changed = changed[: rng.integers(0, len(data))]
        original.write_bytes(changed)
        start = time.perf_counter()
        try:
            as_sweep(read_cloud(original))
        except InputError as error:
            lines.append(str(error))
        assert time.perf_counter() - start < 2
    assert not [line for line in lines if "\n" in line]


def test_a_laz_file_that_would_end_the_process(tmp_path: Path) -> None:
    """laspy follows any number of records, and lazrs any chunk table, into an allocation that aborts."""
    path = write_las(tmp_path / "a.laz", points_of(cloud()))
    data = path.read_bytes()
    path.write_bytes(data[:100] + struct.pack("<I", 2**32 - 1) + data[104:])
    assert "records" in _faulty(path)
    table = struct.unpack_from("<q", data, struct.unpack_from("<I", data, 96)[0])[0]
    path.write_bytes(data[: table + 4] + struct.pack("<I", 2**31) + data[table + 8 :])
    assert "chunks" in _faulty(path)
