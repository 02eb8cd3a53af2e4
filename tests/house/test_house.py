"""The shape of the code, as the first issue and the style page fix it."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = ("calibration", "fusion", "labeling", "viewer")
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts
)
FORBIDDEN = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "dangerouslySet", "eval(")
GENERATED = {"schema.d.ts"}
PAGE = sorted(
    path
    for suffix in ("ts", "tsx")
    for path in (ROOT / "viewer" / "web" / "src").rglob(f"*.{suffix}")
    if path.name not in GENERATED
)


def lengths(path: Path) -> list[int]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [n.end_lineno - n.lineno + 1 for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, functions)]


def test_functions_tell_one_step() -> None:
    every = [length for path in SOURCES for length in lengths(path)]
    assert statistics.median(every) < 15
    assert sum(length > 45 for length in every) <= 0.02 * len(every)


def test_no_file_is_a_warehouse() -> None:
    for path in [*SOURCES, *PAGE, *(ROOT / "tests").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 500, path


def test_there_is_no_utils() -> None:
    for path in [*SOURCES, *PAGE]:
        assert not {"utils", "helpers", "common", "misc"} & {path.stem, path.parent.name}, path


def test_the_page_renders_text_as_text() -> None:
    for path in PAGE:
        for word in FORBIDDEN:
            assert word not in path.read_text(), (path, word)


def test_the_pages_types_are_those_of_the_server() -> None:
    from viewer.server.contract import openapi_json

    kept = ROOT / "viewer" / "web" / "src" / "api" / "openapi.json"
    assert kept.read_text() == openapi_json(), "run `make types`"


def test_nothing_gpl_is_imported() -> None:
    for path in SOURCES:
        for word in ("import evo", "import krippendorff", "mcap_ros2_support_fast"):
            assert word not in path.read_text(), path
