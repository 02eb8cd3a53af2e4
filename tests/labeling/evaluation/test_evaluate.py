"""Label files against each other, as `boxwright evaluate` does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import feather

from calibration.errors import FormatError, UsageError
from labeling.evaluation import evaluate_files, read_sightings


def test_kitti_labels_agree_with_themselves(real_data: Path) -> None:
    path = real_data / "kitti_tracking" / "label_02" / "0010.txt"
    for found in evaluate_files(path, path):
        assert found.metrics["HOTA"] == found.metrics["MOTA"] == found.metrics["sAMOTA"] == pytest.approx(1.0)
        assert found.truths == found.predictions > 0
        assert all(recall == 1.0 for recall, _, _ in found.ranges.values())


def test_a_swap_costs_identity_and_not_detection(real_data: Path, tmp_path: Path) -> None:
    source = next((real_data / "argoverse2").glob("*/annotations.feather"))
    table = feather.read_table(source).to_pandas()
    cars = table[table.category == "REGULAR_VEHICLE"]
    one, two = cars.track_uuid.value_counts().index[:2]
    late = (table.timestamp_ns > table.timestamp_ns.median()).to_numpy()
    swapped = table.copy()
    swapped.loc[late & (table.track_uuid == one).to_numpy(), "track_uuid"] = two
    swapped.loc[late & (table.track_uuid == two).to_numpy(), "track_uuid"] = one
    feather.write_feather(swapped, tmp_path / "swapped.feather")
    (found,) = evaluate_files(source, tmp_path / "swapped.feather", classes=["REGULAR_VEHICLE"])
    assert found.metrics["DetA"] == pytest.approx(1.0)
    assert found.metrics["switches"] == 2.0
    assert found.metrics["AssA"] < 1.0 > found.metrics["IDF1"]
    assert found.metrics["CDS"] == pytest.approx(1.0)


def test_yaw_and_centre_of_both_formats(real_data: Path) -> None:
    kitti = read_sightings(real_data / "kitti_tracking" / "label_02" / "0010.txt")
    assert np.all(kitti.cuboids[:, 0] > -5.0)  # KITTI labels what the camera sees: ahead
    assert abs(np.median(kitti.cuboids[:, 2] - 0.5 * kitti.cuboids[:, 5]) + 1.65) < 0.3  # on the road, below the camera
    source = next((real_data / "argoverse2").glob("*/annotations.feather"))
    assert np.all(np.abs(read_sightings(source).cuboids[:, 6]) <= np.pi)


def test_bad_input(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "kitti_tracking" / "label_02" / "0010.txt"
    with pytest.raises(FormatError, match="no such label file"):
        evaluate_files(path, tmp_path / "none.txt")
    (tmp_path / "a.csv").write_text("1")
    with pytest.raises(FormatError, match="not a label file"):
        evaluate_files(path, tmp_path / "a.csv")
    (tmp_path / "a.txt").write_text("1 2 Car\n")
    with pytest.raises(FormatError, match="line 1"):
        evaluate_files(path, tmp_path / "a.txt")
    later = path.read_text().splitlines()[-1].split()
    (tmp_path / "late.txt").write_text(" ".join(["9999", *later[1:]]) + "\n")
    with pytest.raises(UsageError, match="no frame in common"):
        evaluate_files(path, tmp_path / "late.txt")
    with pytest.raises(UsageError, match="overlap of 0"):
        evaluate_files(path, path, threshold=0.0)
