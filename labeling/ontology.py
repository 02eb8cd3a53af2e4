"""What may be labelled: classes with default sizes and colours, their attributes and states. One YAML file a
project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter

from calibration.documents import read_document
from calibration.errors import InputError
from labeling.track_record import Identifier, Length

Channel = Annotated[int, Field(ge=0, le=255)]

# A colour-blind-safe wheel (Okabe and Ito, 2008) for classes that a dataset brings and no ontology names.
_WHEEL = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


@dataclass(frozen=True, slots=True)
class Choice:
    """A named attribute or state and the values it may take; no values: free text."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Identifier
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """One class. size_m: default length, width, height. yaw_only: whether its cuboids stay upright."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Identifier
    color_rgb: tuple[Channel, Channel, Channel]
    size_m: tuple[Length, Length, Length]
    yaw_only: bool = True
    attributes: tuple[Choice, ...] = ()
    states: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Ontology:
    """All classes, in the order in which they are offered."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    classes: tuple[ObjectClass, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(each.name for each in self.classes)

    def of(self, name: str) -> ObjectClass:
        """The class of that name; a class nobody described is grey and a metre long."""
        for each in self.classes:
            if each.name == name:
                return each
        return ObjectClass(name, (160, 160, 160), (1.0, 1.0, 1.0))

    def with_class(self, name: str, size_m: tuple[float, float, float]) -> Ontology:
        """This ontology and one more class, with the next colour of the wheel."""
        color = _WHEEL[len(self.classes) % len(_WHEEL)]
        return replace(self, classes=(*self.classes, ObjectClass(name, color, size_m)))


_ONTOLOGY = TypeAdapter(Ontology)


def read_ontology(path: Path) -> Ontology:
    """Read the YAML file. Raises InputError with the first thing that is wrong in it."""
    if not path.is_file():
        raise InputError("the project has no ontology", do="run `boxwright init DIR`", where=path)
    return read_document(path, _ONTOLOGY, "ontology")


def write_ontology(ontology: Ontology, path: Path) -> None:
    """Write the YAML file, whole or not at all."""
    content = yaml.safe_dump(_ONTOLOGY.dump_python(ontology, mode="json"), sort_keys=False, allow_unicode=True)
    head = "# Classes, their default sizes (length, width, height in metres), colours and attributes.\n"
    partial = path.with_name(path.name + ".partial")
    partial.write_text(head + content, encoding="utf-8")
    partial.replace(path)


def default_ontology() -> Ontology:
    """Road users, for a project that starts from nothing."""
    turning = Choice("turning", ("left", "right"))
    motion = Choice("motion", ("moving", "stopped", "parked"))
    vehicle = (motion, turning)
    return Ontology(
        (
            ObjectClass("car", (230, 159, 0), (4.5, 1.9, 1.6), states=vehicle),
            ObjectClass("van", (240, 228, 66), (5.5, 2.1, 2.3), states=vehicle),
            ObjectClass("truck", (213, 94, 0), (8.0, 2.5, 3.2), states=vehicle),
            ObjectClass("bus", (204, 121, 167), (11.5, 2.6, 3.3), states=vehicle),
            ObjectClass("motorcycle", (0, 114, 178), (2.1, 0.8, 1.5), states=vehicle),
            ObjectClass("cyclist", (86, 180, 233), (1.8, 0.7, 1.7), states=vehicle),
            ObjectClass(
                "pedestrian", (0, 158, 115), (0.7, 0.7, 1.75), states=(Choice("posture", ("standing", "sitting")),)
            ),
            ObjectClass("object", (160, 160, 160), (1.0, 1.0, 1.0)),
        )
    )
