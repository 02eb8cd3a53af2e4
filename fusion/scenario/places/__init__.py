"""The surroundings of a scenario, by kind: the registry `PROPS`."""

from fusion.scenario.places.along import ALONG
from fusion.scenario.places.ground import GROUND
from fusion.scenario.places.indoors import INDOORS
from fusion.scenario.places.outdoors import OUTDOORS
from fusion.scenario.places.plain import PLAIN
from fusion.scenario.places.prop import PathMaker, PropKind
from fusion.scenario.places.street import STREET, street_props

PROPS: dict[str, PropKind] = {**STREET, **GROUND, **ALONG, **OUTDOORS, **INDOORS, **PLAIN}
"""What the `kind` of a prop may be."""

__all__ = ["PROPS", "PathMaker", "PropKind", "street_props"]
