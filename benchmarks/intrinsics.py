"""Intrinsics from photos of a board: how well they agree, and a synthetic camera whose focal length is known.

    python -m benchmarks.intrinsics --images DIR --board 7x5 --json

Beside OpenCV's own calibration on the same corners and photos. Half of the photos repeat it: every second one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import Peer, Report, run
from calibration.intrinsics import Board, board_of, calibrate
from calibration.intrinsics.detecting import Seen
from calibration.intrinsics.photos import look

TARGET_RMS_PX, TARGET_REPEAT, TARGET_FOCAL = 0.153, 1.0, 0.02
_FIRST = 14
_NOISE_PX = 0.1
_VIEWS = 40


def synthetic(seed: int) -> float:
    """Per cent by which the focal length is off, from corners with 0.1 px of noise in forty views all round."""
    rng = np.random.default_rng(seed)
    board = board_of("11x8", 0.04)
    matrix = np.array([[820.0, 0.0, 655.0], [0.0, 815.0, 352.0], [0.0, 0.0, 1.0]])
    distortion = np.array([-0.28, 0.09, 0.0006, -0.0004, 0.0])
    middle = board.points_m.mean(axis=0)
    seen: dict[str, Seen] = {}
    while len(seen) < _VIEWS:
        turn = rng.normal(0.0, 0.45, 3)
        place = np.array([rng.uniform(-0.25, 0.25), rng.uniform(-0.15, 0.15), rng.uniform(0.35, 0.8)])
        rotation, _ = cv2.Rodrigues(turn)
        pixels = cv2.projectPoints(board.points_m, turn, place - rotation @ middle, matrix, distortion)[0].reshape(
            -1, 2
        )
        if np.all((pixels > 5.0) & (pixels < [1275.0, 715.0])):
            noisy = pixels + rng.normal(0.0, _NOISE_PX, pixels.shape)
            seen[f"{len(seen):03}"] = Seen(np.arange(len(pixels)), noisy)
    found = calibrate(seen, board, 1280, 720)
    return 100.0 * abs(found.camera.fx_px - 820.0) / 820.0


def opencv(seen: dict[str, Seen], board: Board, size: tuple[int, int]) -> tuple[float, float]:
    """RMS and fx of `calibrateCamera` as it comes."""
    points = [board.points_m[each.numbers].astype(np.float32) for each in seen.values()]
    pixels = [each.pixels.astype(np.float32) for each in seen.values()]
    rms, matrix, *_ = cv2.calibrateCamera(points, pixels, size, None, None)
    return float(rms), float(matrix[0, 0])


def measure(options: argparse.Namespace, command: str) -> Report:
    board = board_of(options.board, options.square, options.kind)
    files = sorted(each for each in options.images.iterdir() if each.suffix.lower() in (".png", ".jpg", ".jpeg"))
    start = time.perf_counter()
    looked = look(((file.name, cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)) for file in files), board)
    looked.check(board)
    looking_s = time.perf_counter() - start
    start = time.perf_counter()
    found = calibrate(looked.seen, board, *looked.size_px)
    seconds = time.perf_counter() - start
    rows = sorted(looked.seen)
    halves = [calibrate({name: looked.seen[name] for name in rows[k::2]}, board, *looked.size_px) for k in range(2)]
    first_seen = {file.name: looked.seen[file.name] for file in files[:_FIRST] if file.name in looked.seen}
    first = calibrate(first_seen, board, *looked.size_px)
    fx = found.camera.fx_px
    repeat = max(100.0 * abs(each.camera.fx_px - fx) / fx for each in halves)
    start = time.perf_counter()
    peer_rms, peer_fx = opencv(looked.seen, board, looked.size_px)
    peer_seconds = time.perf_counter() - start
    first_rms, first_fx = opencv(first_seen, board, looked.size_px)
    focal = float(np.median([synthetic(seed) for seed in range(options.seeds)]))
    figures = {
        "photos": float(len(files)),
        "found": float(len(looked.seen)),
        "outliers": float(sum(view.outlier for view in found.views)),
        "rms_px": found.rms_px,
        "rms_first_14_px": first.rms_px,
        "fx_px": fx,
        "fx_sigma_px": found.sigmas["fx_px"],
        "fx_first_14_px": first.camera.fx_px,
        "repeat_fx_percent": repeat,
        "synthetic_focal_error_percent": focal,
        "looking_s": looking_s,
        "calibrating_s": seconds,
        "opencv_rms_px": peer_rms,
        "opencv_fx_px": peer_fx,
        "opencv_rms_first_14_px": first_rms,
        "opencv_fx_first_14_px": first_fx,
    }
    met = first.rms_px <= TARGET_RMS_PX and repeat <= TARGET_REPEAT and focal <= TARGET_FOCAL
    notes = [f"{view.name} does not agree with the others" for view in found.views if view.outlier]
    notes += [f"{name}: {why}" for name, why in looked.failures.items()]
    return Report(
        name="intrinsics",
        title=f"Intrinsics from {options.images.name}, model {found.model}",
        figures=figures,
        ratio=peer_seconds / seconds,
        target=f"RMS {TARGET_RMS_PX} px on the first {_FIRST}, repeat {TARGET_REPEAT:g} %, focal {TARGET_FOCAL} %",
        met=bool(met),
        peer=Peer("OpenCV's calibrateCamera, one model and no cross-validation", cv2.__version__),
        command=command,
        notes=tuple(notes),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    default = Path(os.environ.get("BOXWRIGHT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--images", type=Path, default=default / "camera_calibration", metavar="DIR")
    parser.add_argument("--board", default="7x5")
    parser.add_argument("--kind", default="chessboard")
    parser.add_argument("--square", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=5)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("intrinsics", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
