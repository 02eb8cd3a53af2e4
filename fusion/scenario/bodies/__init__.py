"""The shapes of actors, by kind. Contract of a body, and the registry `BODIES`."""

from fusion.scenario.bodies.animals import ANIMALS
from fusion.scenario.bodies.body import BodyKind, BodyRequest, Colour, Signals, Size
from fusion.scenario.bodies.buses import BUSES
from fusion.scenario.bodies.cars import CARS
from fusion.scenario.bodies.loads import LOADS
from fusion.scenario.bodies.machines import MACHINES
from fusion.scenario.bodies.people import PEOPLE
from fusion.scenario.bodies.riders import RIDERS
from fusion.scenario.bodies.trucks import TRUCKS

BODIES: dict[str, BodyKind] = {
    **CARS,
    **TRUCKS,
    **BUSES,
    **RIDERS,
    **PEOPLE,
    **ANIMALS,
    **MACHINES,
    **LOADS,
}
"""What the `kind` of an actor may be."""

__all__ = ["BODIES", "BodyKind", "BodyRequest", "Colour", "Signals", "Size"]
