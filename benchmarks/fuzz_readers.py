"""Mutated sources through every reader: no traceback, one line that names file and reason, quick, small, nothing left.

Each case is imported in a process of its own, forked from one that has everything loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.fuzz_corpora import CORPORA, real_data
from benchmarks.fuzz_mutations import MUTATIONS, ON_DISK
from calibration.errors import BoxwrightError
from fusion.readers import read_source
from labeling.importing import import_source
from labeling.kernels import compile_kernels
from labeling.project import Project

MOST_SECONDS = 2.0
MOST_MB = 512.0
_PATIENCE_S = 60
_PHOTOS = {".jpg", ".png"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one case. verdict: fine (read all the same), refused (one clear line), or what is wrong with us."""

    corpus: str
    mutation: str
    file: str
    verdict: str
    seconds: float
    megabytes: float
    said: str


def mutated(corpus: Path, mutation: str, rng: np.random.Generator) -> Path:
    """Change one file of a copied corpus; photos less often, since their bytes are only kept."""
    files = sorted(file for file in corpus.rglob("*") if file.is_file())
    weights = np.array([0.2 if file.suffix in _PHOTOS else 1.0 for file in files])
    file = files[int(rng.choice(len(files), p=weights / weights.sum()))]
    if mutation in ON_DISK:
        ON_DISK[mutation](file)
    else:
        file.write_bytes(MUTATIONS[mutation](file.read_bytes(), rng))
    return file


def import_in_fork(source: Path, project: Path) -> tuple[str, float, float, str]:
    """Verdict, seconds of the processor, megabytes more than before, and what was said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _import(source, project, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    _, status, usage = os.wait4(child, 0)
    seconds = usage.ru_utime + usage.ru_stime  # of the processor: others share this machine
    most_mb = usage.ru_maxrss / 1024
    if status != 0 or not answer:
        return f"died with status {status}", seconds, most_mb, ""
    verdict, said, before_mb = json.loads(answer)
    return verdict, seconds, most_mb - before_mb, said


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _import(source: Path, folder: Path, writing: int) -> None:
    """In the child: import, tell, leave without cleaning up."""
    resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE_S, _PATIENCE_S))
    before_mb = _resident_mb()  # here, since a fork shares the pages of files without counting them
    try:
        project = Project.create(folder)
        import_source(project, read_source(source))
        answer = ("fine", "")
    except BoxwrightError as error:
        line = str(error)
        answer = ("refused", line) if "\n" not in line and line else ("more than one line", line)
        left = [file.name for file in (folder / "recordings").glob("*")]
        if left:
            answer = (f"left behind {left[0]}", line)
    except BaseException as error:
        answer = (f"traceback: {type(error).__name__}", str(error)[:300])
    os.write(writing, json.dumps((*answer, before_mb)).encode())
    os.close(writing)
    os._exit(0)


def judge(outcome: Outcome) -> str | None:
    """What is wrong with us in this case, if anything."""
    if outcome.verdict not in ("fine", "refused"):
        return outcome.verdict
    if outcome.verdict == "refused" and outcome.seconds > MOST_SECONDS:
        return "slow"
    if outcome.megabytes > MOST_MB:
        return "large"
    return None


def run_cases(cases: int, seed: int, only: list[str] | None = None) -> list[Outcome]:
    """Cases over all corpora and mutations in turn; the same seed, the same cases."""
    outcomes = []
    compile_kernels()
    with tempfile.TemporaryDirectory(prefix="boxwright-fuzz-") as name:
        folder = Path(name)
        made = [each for each in CORPORA if (only is None or each in only) and _made(each, folder / each)]
        names = [*MUTATIONS, *ON_DISK]
        for case in range(-len(made), cases):
            rng = np.random.default_rng([seed, case % 2**32])
            corpus = made[case % len(made)]
            mutation = names[(case // len(made)) % len(names)] if case >= 0 else "none"
            outcome = _case(folder, corpus, mutation, rng)
            if case >= 0:
                outcomes.append(outcome)
            elif outcome.verdict != "fine":
                raise BoxwrightError(f"the corpus {corpus} itself is not read ({outcome.verdict}: {outcome.said})")
            if sys.stderr.isatty():
                print(f"\r{case + 1}/{cases}", end="", file=sys.stderr)
    return outcomes


def _made(corpus: str, folder: Path) -> bool:
    folder.mkdir()
    return CORPORA[corpus](real_data(), folder)


def _case(folder: Path, corpus: str, mutation: str, rng: np.random.Generator) -> Outcome:
    work, project = folder / "work", folder / "project"
    shutil.copytree(folder / corpus, work)
    try:
        file = mutated(work, mutation, rng) if mutation != "none" else work
        source = _entry(work)
        verdict, seconds, megabytes, said = import_in_fork(source, project)
        return Outcome(corpus, mutation, str(file.relative_to(work)), verdict, seconds, megabytes, said)
    finally:
        shutil.rmtree(work)
        shutil.rmtree(project, ignore_errors=True)


def _entry(work: Path) -> Path:
    """A log is given as its file, everything else as its folder."""
    inside = list(work.iterdir())
    if len(inside) == 1 and inside[0].suffix in (".mcap", ".bag"):
        return inside[0]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() and inside[0].name == "bag" else work


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_readers")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(CORPORA), metavar="CORPUS")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    outcomes = run_cases(options.cases, options.seed, options.only)
    failures = [(wrong, outcome) for outcome in outcomes if (wrong := judge(outcome)) is not None]
    report = {
        "cases": len(outcomes),
        "fine": sum(outcome.verdict == "fine" for outcome in outcomes),
        "refused": sum(outcome.verdict == "refused" for outcome in outcomes),
        "failures": len(failures),
        "kinds": Counter(wrong for wrong, _ in failures),
        "slowest_s": max((outcome.seconds for outcome in outcomes if outcome.verdict == "refused"), default=0.0),
        "most_mb": max((outcome.megabytes for outcome in outcomes), default=0.0),
        "failed": [{"wrong": wrong, **asdict(outcome)} for wrong, outcome in failures[:50]],
    }
    print(json.dumps(report) if options.json else json.dumps(report, indent=1))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
