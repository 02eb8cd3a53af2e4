"""Where a camera sits beside a LiDAR, found without targets from a wrong start, against recorded extrinsics.

    python -m benchmarks.alignment --pairs DIR --perturb-deg 1 --perturb-m 0.1 --seeds 20 --json

DIR holds `gt.json` (K, D, T_cam_lidar), `img/` and `pcd/`. Each seed turns by so much about a random axis and shifts by
so much in a random direction. A run succeeds within 0.6 degrees.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import Peer, Report, run
from calibration import RigidTransform
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from calibration.targetless import Pairs, align, joined, pairs_of
from calibration.targetless.aligning import moved_by
from fusion.readers.clouds import read_cloud

TARGET_DEG, TARGET_M, SUCCESS_DEG = 0.35, 0.06, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """photos: (P, H, W) grey; matrix: (4,); truth: camera_from_lidar."""

    pairs: Pairs
    photos: np.ndarray
    matrix: FloatArray
    truth: RigidTransform


def read_scene(folder: Path) -> Scene:
    """Raises FormatError where files are missing."""
    try:
        known = json.loads((folder / "gt.json").read_text())
        matrix = np.array(known["intrinsics"]["K"], dtype=float)
        distortion = np.array(known["intrinsics"]["D"], dtype=float)
        truth = RigidTransform(np.array(known["extrinsics"]["rotation"]), np.array(known["extrinsics"]["translation"]))
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"no readable gt.json ({error})", where=folder) from error
    clouds = sorted((folder / "pcd").glob("*.pcd"))
    images = sorted(each for each in (folder / "img").iterdir() if each.suffix in (".png", ".jpg"))
    if not clouds or len(clouds) != len(images):
        raise FormatError(f"{len(clouds)} clouds do not fit {len(images)} photos", where=folder)
    camera = np.array([[matrix[0], 0, matrix[2]], [0, matrix[1], matrix[3]], [0, 0, 1.0]])
    photos = [cv2.undistort(cv2.imread(str(each), cv2.IMREAD_GRAYSCALE), camera, distortion) for each in images]
    height, width = min(each.shape[0] for each in photos), min(each.shape[1] for each in photos)
    parts = []
    for number, path in enumerate(clouds):
        table = read_cloud(path)
        shades = np.zeros(len(table)) if table.intensity is None else np.asarray(table.intensity, dtype=float)
        parts.append(pairs_of(table.points_m, shades, number))
    return Scene(joined(parts), np.stack([each[:height, :width] for each in photos]), matrix, truth)


def perturbed(truth: RigidTransform, degrees: float, metres: float, seed: int) -> RigidTransform:
    """Turned about a random axis and shifted in a random direction."""
    rng = np.random.default_rng(seed)
    axis, way = rng.normal(size=3), rng.normal(size=3)
    turn = np.deg2rad(degrees) * axis / np.linalg.norm(axis)
    return moved_by(truth, np.concatenate([turn, metres * way / np.linalg.norm(way)]))


def errors(found: RigidTransform, truth: RigidTransform) -> tuple[float, float]:
    """Degrees, and metres between the places of the camera in the LiDAR's frame."""
    off = found * truth.inverse()
    degrees = np.rad2deg(2.0 * np.arccos(np.clip(abs(off.rotation[0]), 0.0, 1.0)))
    apart = np.linalg.norm(found.inverse().translation - truth.inverse().translation)
    return float(degrees), float(apart)


def measure(options: argparse.Namespace, command: str) -> Report:
    scene = read_scene(options.pairs)
    results, spent = [], []
    for seed in range(options.seeds):
        start = perturbed(scene.truth, options.perturb_deg, options.perturb_m, seed)
        begun = time.perf_counter()
        found = align(scene.pairs, scene.photos, scene.matrix, start, reach_deg=max(1.2 * options.perturb_deg, 2.0))
        spent.append(time.perf_counter() - begun)
        results.append(errors(found.camera_from_lidar, scene.truth))
        if options.verbose:
            print(seed, results[-1], f"{spent[-1]:.1f} s", file=sys.stderr)
    degrees, metres = np.array(results).T
    figures = {
        "photos": float(len(scene.photos)),
        "pairs": float(len(scene.pairs)),
        "rotation_deg_median": float(np.median(degrees)),
        "rotation_deg_90_percent": float(np.percentile(degrees, 90)),
        "translation_m_median": float(np.median(metres)),
        "success_rate": float(np.mean(degrees < SUCCESS_DEG)),
        "seconds_median": float(np.median(spent)),
    }
    return Report(
        name="alignment",
        title=f"Targetless LiDAR and camera, {len(scene.photos)} photos of {options.pairs.name}",
        figures=figures,
        ratio=options.perturb_deg / max(figures["rotation_deg_median"], 1e-9),
        target=f"{TARGET_DEG} degrees and {TARGET_M} m in the median of {options.seeds} seeds",
        met=figures["rotation_deg_median"] <= TARGET_DEG and figures["translation_m_median"] <= TARGET_M,
        peer=Peer("the start, by its error of rotation", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    default = Path(os.environ.get("BOXWRIGHT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--pairs", type=Path, default=default / "lidar_camera_pairs" / "kitti", metavar="DIR")
    parser.add_argument("--perturb-deg", type=float, default=1.0)
    parser.add_argument("--perturb-m", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--verbose", action="store_true", help="tell each run on stderr")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("alignment", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
