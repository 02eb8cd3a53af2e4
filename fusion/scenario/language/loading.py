"""Scenario files: found, read and checked."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from calibration.documents import checked, read_document
from calibration.errors import InputError, UsageError
from fusion.scenario.language.scene import Scene
from fusion.scenario.language.sensors import SensorSpec

_LIBRARY = Path(__file__).parent.parent / "library"
_RIGS = _LIBRARY / "rigs"
_SCENE = TypeAdapter(Scene)
_RIG = TypeAdapter(tuple[SensorSpec, ...])


def shipped_scenes() -> tuple[str, ...]:
    """Names of the scenarios in the library, sorted."""
    return tuple(sorted(path.stem for path in _LIBRARY.glob("*.yaml")))


def scene_of(name_or_path: str) -> Scene:
    """A shipped scenario by name, or one from a file (what ends in .yaml or .yml, or has a slash).

    Raises UsageError for an unknown name, InputError or FormatError for a file that cannot be read or is no scene.
    """
    if name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path:
        return read_scene(Path(name_or_path))
    if name_or_path not in shipped_scenes():
        raise UsageError(f"no scenario {name_or_path!r}", do="`boxwright scenario` lists them, or give a YAML file")
    return read_scene(_LIBRARY / f"{name_or_path}.yaml")


def read_scene(path: Path) -> Scene:
    """Read and check one file. Raises InputError if it cannot be read, FormatError with the first thing wrong in it."""
    return read_document(path, _SCENE, "scenario")


def parse_scene(content: object, where: object) -> Scene:
    """Check what a file said; `where` is for the message."""
    return checked(content, _SCENE, "scenario", where)


def scene_to_json(scene: Scene) -> str:
    """As canonical JSON, which is YAML too."""
    return json.dumps(_SCENE.dump_python(scene, mode="json"), sort_keys=True)


def scene_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    return _SCENE.json_schema()


@cache
def shipped_rig(name: str) -> tuple[SensorSpec, ...]:
    """Sensors of a shipped rig. Raises InputError for an unknown name."""
    path = _RIGS / f"{name}.yaml"
    known = tuple(sorted(each.stem for each in _RIGS.glob("*.yaml")))
    if name not in known:
        raise InputError(f"no rig {name!r}", do=f"write its sensors down, or one of {', '.join(known)}")
    return read_document(path, _RIG, "rig")
