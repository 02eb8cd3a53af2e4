"""Every shipped scenario through all that the product can do, with its scores: `make scenarios`.

Each runs in a process of its own, so that memory is its own too. Exit code 1 if anything failed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.capabilities import CAPABILITIES, Judged
from benchmarks.results import RESULTS, replace_section
from fusion.recording import Recording
from fusion.scenario import scene_of, shipped_scenes
from fusion.scenario.truth.reader import Truth
from labeling.formats import LABEL_FORMATS
from labeling.project import Project
from labeling.slip import camera_slips
from labeling.synthetic import simulate_into
from labeling.track import Track
from viewer.server.app import create_app
from viewer.server.security import Access

Result = dict[str, Any]
_HOST, _TOKEN = "127.0.0.1:8080", "benchmark"


def try_scenario(name: str, seed: int, frames: int | None) -> Result:
    """Simulate, ask for everything, judge."""
    from dataclasses import replace

    scene = scene_of(name)
    scene = scene if frames is None else replace(scene, frames=min(frames, scene.frames))
    with tempfile.TemporaryDirectory(prefix="boxwright-scenario-") as folder:
        project = Project.create(Path(folder))
        start = time.perf_counter()
        imported = simulate_into(project, scene, seed)
        elapsed_s = time.perf_counter() - start
        result: Result = {
            "name": name,
            "exercises": scene.exercises,
            "frames": imported.frames,
            "tracks": imported.tracks,
            "seconds": round(elapsed_s, 1),
            "megabytes": round(project.recording_path(name).stat().st_size / 1e6, 1),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        }
        labels = project.labels()
        tracks = labels.tracks(name)
        labels.close()
        with project.recording(name) as recording:
            result["passed"] = {
                what: _tried(lambda what=what: _STEPS[what](project, recording, tracks)) for what in _STEPS
            }
            with Truth.open(project.truth_path(name)) as truth:
                result["scores"] = _scores(Judged(recording, tracks, truth))
    return result


def _scores(judged: Judged) -> dict[str, float | None]:
    labels = judged.labels()
    return {name: judge(judged, labels) for name, judge in CAPABILITIES.items()}


def _tried(step: Callable[[], object]) -> str:
    """`ok`, or what went wrong: one scenario's trouble must not hide the others'."""
    try:
        step()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


def _info(_project: Project, recording: Recording, tracks: dict[str, Track]) -> None:
    for slip in camera_slips(recording, list(tracks.values())):
        assert slip.slip_px is None or slip.slip_px >= 0.0


def _serve(project: Project, recording: Recording, _tracks: dict[str, Track]) -> None:
    """Everything that the page asks for to show the middle frame."""
    from fastapi.testclient import TestClient

    with TestClient(
        create_app(project, Access(_TOKEN, frozenset({_HOST})), with_page=False), base_url=f"http://{_HOST}"
    ) as client:
        client.headers["Authorization"] = f"Bearer {_TOKEN}"
        base, frame = f"/api/recordings/{recording.name}", len(recording.frames) // 2
        for path in (
            "",
            "/scene.rrd",
            f"/frames/{frame}/sensors.rrd",
            f"/labels?first={frame}&last={frame}",
            f"/frames/{frame}/points",
        ):
            client.get(base + path).raise_for_status()


def _export(project: Project, recording: Recording, tracks: dict[str, Track]) -> None:
    """Every format, and ours back in."""
    with tempfile.TemporaryDirectory() as folder:
        for format_name, label_format in LABEL_FORMATS.items():
            out = Path(folder) / f"labels-{format_name}"
            if recording.cameras() or format_name != "kitti":
                label_format.write(recording, tracks, out)
        ours = LABEL_FORMATS["boxwright"].read(recording, Path(folder) / "labels-boxwright", project.ontology())
        assert {track.id for track in ours} == tracks.keys()


_STEPS: dict[str, Callable[[Project, Recording, dict[str, Track]], None]] = {
    "info": _info,
    "serve": _serve,
    "export": _export,
}


def results_section(results: list[Result]) -> str:
    """The table."""
    scores = list(CAPABILITIES)
    lines = [
        "## Synthetic scenarios",
        "",
        "`make scenarios`: every shipped scenario, seed 0, simulated and taken through `info`, the server and all",
        "exports, then judged against its truth. Points in cuboids: share of the LiDAR points on labelled actors that",
        "lie in the shown cuboid. Outline IoU: box of the drawn outline against that of the true cuboid, from the",
        "camera's true place at its true time. Keyframe error: largest, in metres, in the median of the tracks that",
        "move, with one knot a second. Where a scenario plants an error (drift, clocks, poses), a low score is what",
        "later work has to raise.",
        "",
        f"| scenario | exercises | frames | tracks | s | MB | peak MB | passed | {' | '.join(scores)} |",
        f"|---|---|---:|---:|---:|---:|---:|---|{'---:|' * len(scores)}",
    ]
    return "\n".join(lines + [_row(result, scores) for result in results])


def _row(result: Result, scores: list[str]) -> str:
    passed = result["passed"]
    verdict = (
        "all" if set(passed.values()) == {"ok"} else "; ".join(f"{k}: {v}" for k, v in passed.items() if v != "ok")
    )
    values = ["-" if result["scores"][name] is None else f"{result['scores'][name]:.3f}" for name in scores]
    cells = [result[key] for key in ("name", "exercises", "frames", "tracks", "seconds", "megabytes", "peak_mb")]
    return f"| {' | '.join(map(str, cells))} | {verdict} | {' | '.join(values)} |"


def _in_own_process(name: str, seed: int, frames: int | None) -> Result:
    command = [sys.executable, "-m", "benchmarks.scenarios", "--one", name, "--seed", str(seed)]
    command += [] if frames is None else ["--frames", str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["died"])[-1]
        return _failed(name, last)
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def _failed(name: str, why: str) -> Result:
    empty = dict.fromkeys(CAPABILITIES)
    head = {"name": name, "exercises": scene_of(name).exercises, "frames": 0, "tracks": 0, "seconds": 0.0}
    return head | {"megabytes": 0.0, "peak_mb": 0, "passed": {"simulate": why}, "scores": empty}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenarios")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, help="at most so many of each")
    parser.add_argument("--only", nargs="*", default=list(shipped_scenes()), metavar="NAME")
    parser.add_argument("--one", metavar="NAME", help="this one, in this process, as JSON")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of keeping the table")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(try_scenario(options.one, options.seed, options.frames)))
        return 0
    results = []
    for name in options.only:
        results.append(_in_own_process(name, options.seed, options.frames))
        print(_row(results[-1], list(CAPABILITIES)), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"scenarios": results}))
    else:
        replace_section(options.results, "scenarios", results_section(results))
    return 0 if all(set(each["passed"].values()) == {"ok"} for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
