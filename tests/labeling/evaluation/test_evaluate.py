"""Label files against each other, as `boxwright evaluate` does."""

from __future__ import annotations

import json
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
        assert all(recall == 1.0 for recall, _, _ in found.bins["range"].values())


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


def nuscenes_files(folder: Path, *, noise_m: float = 0.0, lost: float = 0.0, seed: int = 0) -> tuple[Path, Path]:
    """Tables of two scenes with three cars each, and tracking results that are off by as much."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    tables: dict[str, list[dict[str, object]]] = {
        "category": [{"token": "c", "name": "vehicle.car"}, {"token": "a", "name": "animal"}],
        "instance": [{"token": "0-0", "category_token": "c"}],
        "visibility": [{"token": "4", "level": "v80-100"}, {"token": "1", "level": "v0-40"}],
        "ego_pose": [{"token": "e", "translation": [100.0, 0.0, 0.0]}],
        "sample": [],
        "sample_data": [],
        "sample_annotation": [],
    }
    results: dict[str, list[dict[str, object]]] = {}
    instances = {f"{scene}-{car}" for scene in range(2) for car in range(3)}
    tables["instance"] = [{"token": each, "category_token": "c"} for each in sorted(instances)]
    tables["instance"].append({"token": "cat", "category_token": "a"})
    for scene in range(2):
        for k in range(20):
            token = f"s{scene}-{k}"
            stamp = 100_000_000 * scene + 500_000 * k
            tables["sample"].append({"token": token, "timestamp": stamp, "scene_token": str(scene)})
            tables["sample_data"].append({"sample_token": token, "ego_pose_token": "e", "is_key_frame": True})
            results[token] = []
            for car in range(3):
                place = [100.0 + 15.0 * car + 2.0 * k, 8.0 * car, 1.0]
                box = {"translation": place, "size": [1.9, 4.5, 1.6], "rotation": [1.0, 0.0, 0.0, 0.0]}
                seen = {"num_lidar_pts": 7 * car, "visibility_token": "14"[car > 0]}
                owner = {"sample_token": token, "instance_token": f"{scene}-{car}"}
                tables["sample_annotation"].append(box | owner | seen)
                if rng.random() >= lost:
                    moved = (np.array(place) + rng.normal(0.0, noise_m, 3)).tolist()
                    named = {"tracking_id": str(car), "tracking_name": "car", "tracking_score": 0.5 + 0.1 * car}
                    results[token].append(box | named | {"translation": moved})
            cat = {"translation": [0.0, 0.0, 0.0], "size": [0.3, 0.5, 0.3], "rotation": [1.0, 0.0, 0.0, 0.0]}
            owner = {"sample_token": token, "instance_token": "cat", "num_lidar_pts": 1}
            tables["sample_annotation"].append(cat | owner)
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(rows))
    (folder / "results.json").write_text(json.dumps({"meta": {}, "results": results}))
    return folder, folder / "results.json"


def test_nuscenes_results_against_its_tables(tmp_path: Path) -> None:
    (perfect,) = evaluate_files(*nuscenes_files(tmp_path / "perfect"))
    assert perfect.class_name == "car"  # the cat is of no class of the task
    assert perfect.truths == 120
    assert perfect.metrics["AMOTA_2m"] == perfect.metrics["HOTA"] == pytest.approx(1.0)
    assert perfect.metrics["AMOTP_2m"] == pytest.approx(0.0, abs=1e-9)
    assert set(perfect.bins) == {"range", "points", "occlusion"}
    assert perfect.bins["occlusion"].keys() == {"v0-40", "v80-100"}
    assert perfect.bins["points"].keys() == {"0-1 points", "5-20 points"}
    (worse,) = evaluate_files(*nuscenes_files(tmp_path / "worse", noise_m=0.3, lost=0.3))
    assert 0.3 < worse.metrics["AMOTA_2m"] < 0.8
    assert 0.2 < worse.metrics["AMOTP_2m"] < 1.5
    low, high = worse.bins["points"]["0-1 points"][1:]
    assert low < worse.bins["points"]["0-1 points"][0] < high


def test_broken_nuscenes_files_are_one_line(tmp_path: Path) -> None:
    folder, results = nuscenes_files(tmp_path / "n")
    (tmp_path / "alone.json").write_text(results.read_text())
    with pytest.raises(FormatError, match=r"sample\.json"):
        read_sightings(tmp_path / "alone.json")
    (folder / "empty.json").write_text("{}")
    with pytest.raises(FormatError, match="no `results`"):
        read_sightings(folder / "empty.json")
    (folder / "other.json").write_text('{"results": {"nobody": []}}')
    with pytest.raises(FormatError, match="no sample 'nobody'"):
        read_sightings(folder / "other.json")
    (folder / "visibility.json").unlink()
    with pytest.raises(FormatError, match="no such table"):
        read_sightings(folder)


def test_kitti_is_binned_by_occlusion(real_data: Path) -> None:
    path = real_data / "kitti_tracking" / "label_02" / "0010.txt"
    car = next(each for each in evaluate_files(path, path) if each.class_name == "Car")
    assert {"visible", "partly occluded"} <= set(car.bins["occlusion"])
    assert "points" not in car.bins or not car.bins["points"]
