"""The scene language as a page: `docs/scene-language.md` is what this says (`make reference`)."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from fusion.scenario.bodies import BODIES
from fusion.scenario.language import actors, place, scene, sensors
from fusion.scenario.language.loading import scene_of, shipped_rig, shipped_scenes
from fusion.scenario.places import PROPS
from fusion.scenario.solids.materials import MATERIALS

_HEAD = """# The scene language

Made by `make reference` from the code; a test compares the two. How to use it: [synthetic worlds](synthetic-worlds.md).

A scenario is one YAML file. Lengths are metres, angles degrees, times seconds of the scenario unless the name says
otherwise. World and ego: x forward, y left, z up. An unknown key, a wrong type or a number out of range is refused with
one line that names the place. `boxwright scenario --schema` prints the same as a JSON schema, for editors.
"""
_PLAIN = {str: "text", float: "number", int: "whole number", bool: "true or false"}
_PARTS = (
    scene.Scene,
    scene.EgoSpec,
    scene.PoseSource,
    actors.PathSpec,
    actors.Segment,
    actors.ActorSpec,
    actors.StateSpec,
    actors.Tow,
    actors.Carry,
    actors.Repeat,
    place.PropSpec,
    place.Weather,
    sensors.SensorSpec,
    sensors.Lidar,
    sensors.SpinningScan,
    sensors.RasterScan,
    sensors.RosetteScan,
    sensors.Camera,
    sensors.DepthCamera,
    sensors.Clock,
    sensors.MountingError,
    scene.SensorChange,
)


def reference() -> str:
    """The whole page as Markdown."""
    sections = [_HEAD, *(_part(part) for part in _PARTS), _bodies(), _props(), _materials(), _rigs(), _scenarios()]
    return "\n".join(sections)


def _part(part: type[Any]) -> str:
    lines = [
        f"## {part.__name__}",
        "",
        inspect.cleandoc(part.__doc__ or ""),
        "",
        "| key | type | default |",
        "|---|---|---|",
    ]
    hints = typing.get_type_hints(part)
    lines += [
        f"| `{each.name}` | {_type_text(hints[each.name])} | {_default(each)} |" for each in dataclasses.fields(part)
    ]
    return "\n".join([*lines, ""])


def _type_text(hint: Any) -> str:
    """As a person would say it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_text(each) for each in arguments if each is not type(None))
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"list of {_type_text(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(map(_type_text, arguments))}]"
    if origin is dict:
        return f"{_type_text(arguments[0])}: {_type_text(arguments[1])}"
    if origin is typing.Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    return _PLAIN.get(hint, getattr(hint, "__name__", "anything"))


def _default(each: dataclasses.Field[Any]) -> str:
    if each.default_factory is not dataclasses.MISSING:
        made = each.default_factory()
        return "the defaults" if dataclasses.is_dataclass(made) else "none"
    if each.default is dataclasses.MISSING:
        return "**needed**"
    return "-" if each.default is None or each.default == () else f"`{each.default}`"


def _table(title: str, about: str, head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", about, "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _bodies() -> str:
    rows = (
        (
            f"`{name}`",
            kind.class_name,
            " × ".join(f"{side:g}" for side in kind.size_m),
            _listed(kind.styles),
            _joints(kind.joints),
        )
        for name, kind in sorted(BODIES.items())
    )
    about = "What the `kind` of an actor may be. Sizes are those at rest: length × width × height."
    return _table("Bodies", about, ("kind", "class", "size", "styles", "joints"), rows)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "-"


def _joints(joints: dict[str, str] | None) -> str:
    return "; ".join(f"`{name}`: {meaning}" for name, meaning in (joints or {}).items()) or "-"


def _props() -> str:
    rows = ((f"`{name}`", kind.about) for name, kind in sorted(PROPS.items()))
    return _table("Props", "What the `kind` of a part of the place may be.", ("kind", "what"), rows)


def _materials() -> str:
    return f"## Materials\n\nWhat `material` may be: {', '.join(f'`{name}`' for name in sorted(MATERIALS))}.\n"


def _rigs() -> str:
    rigs = ("petals", "robot", "roof", "spare", "stand", "street")
    rows = ((f"`{name}`", ", ".join(spec.name for spec in shipped_rig(name))) for name in rigs)
    return _table("Rigs", "What `rig` may name.", ("rig", "sensors"), rows)


def _scenarios() -> str:
    scenes = (scene_of(name) for name in shipped_scenes())
    rows = ((f"`{each.name}`", each.about, each.exercises, str(each.frames)) for each in scenes)
    return _table("Shipped scenarios", "`boxwright scenario NAME --out DIR`", ("name", "what", "tries", "frames"), rows)


if __name__ == "__main__":
    print(reference(), end="")
