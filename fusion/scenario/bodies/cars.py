"""Cars and vans."""

from __future__ import annotations

from fusion.scenario.bodies.body import BodyKind, BodyRequest, Size
from fusion.scenario.bodies.fitting import paint, standing
from fusion.scenario.bodies.hulls import Station, grille, hull, lamps, mirrors, plates, seats, underbody, wheels
from fusion.scenario.solids.materials import DARK, GLASS, HEADLIGHT, SEAT
from fusion.scenario.solids.meshes import Mesh, box
from fusion.scenario.world import Part

_TAIL = (
    Station(-0.995, 0.30, 0.52, 0.56, 0.86, 0.74, "ppp"),
    Station(-0.97, 0.20, 0.56, 0.60, 0.94, 0.78, "tpp"),
    Station(-0.91, 0.14, 0.60, 0.64, 0.975, 0.80, "ppp"),
)
_NOSE = (
    Station(0.46, 0.13, 0.615, 0.66, 1.0, 0.84, "ppp"),
    Station(0.80, 0.13, 0.55, 0.60, 0.99, 0.82, "ppp"),
    Station(0.90, 0.14, 0.51, 0.55, 0.96, 0.80, "hpp"),
    Station(0.97, 0.17, 0.46, 0.50, 0.90, 0.74, "ppp"),
    Station(0.995, 0.24, 0.40, 0.44, 0.82, 0.66),
)
_HULLS: dict[str, tuple[Station, ...]] = {
    "saloon": (
        *_TAIL,
        Station(-0.66, 0.13, 0.63, 0.67, 1.0, 0.82, "pgg"),
        Station(-0.38, 0.13, 0.63, 0.97, 1.0, 0.70, "ppp"),
        Station(-0.34, 0.13, 0.63, 0.98, 1.0, 0.70, "pgp"),
        Station(-0.05, 0.13, 0.62, 1.00, 1.0, 0.70, "ppp"),
        Station(-0.01, 0.13, 0.62, 0.995, 1.0, 0.70, "pgp"),
        Station(0.14, 0.13, 0.62, 0.95, 1.0, 0.69, "pgg"),
        *_NOSE,
    ),
    "estate": (
        *_TAIL[:2],
        Station(-0.94, 0.15, 0.60, 0.64, 0.975, 0.80, "tpg"),
        Station(-0.84, 0.13, 0.62, 0.95, 0.99, 0.70, "ppp"),
        Station(-0.78, 0.13, 0.62, 0.97, 1.0, 0.70, "pgp"),
        Station(-0.46, 0.13, 0.62, 0.99, 1.0, 0.70, "ppp"),
        Station(-0.41, 0.13, 0.62, 1.00, 1.0, 0.70, "pgp"),
        Station(-0.03, 0.13, 0.62, 1.00, 1.0, 0.70, "ppp"),
        Station(0.01, 0.13, 0.62, 0.995, 1.0, 0.70, "pgp"),
        Station(0.16, 0.13, 0.62, 0.95, 1.0, 0.69, "pgg"),
        *_NOSE,
    ),
    "hatchback": (
        *_TAIL[:2],
        Station(-0.93, 0.15, 0.58, 0.62, 0.975, 0.80, "ppg"),
        Station(-0.66, 0.13, 0.62, 0.96, 1.0, 0.70, "ppp"),
        Station(-0.52, 0.13, 0.62, 0.99, 1.0, 0.70, "pgp"),
        Station(-0.10, 0.13, 0.61, 1.00, 1.0, 0.71, "ppp"),
        Station(-0.05, 0.13, 0.61, 1.00, 1.0, 0.71, "pgp"),
        Station(0.18, 0.13, 0.61, 0.95, 1.0, 0.70, "pgg"),
        Station(0.56, 0.13, 0.60, 0.64, 1.0, 0.84, "ppp"),
        *_NOSE[1:],
    ),
    "pickup": (
        Station(-0.995, 0.30, 0.56, 0.58, 0.90, 0.90, "tpp"),
        Station(-0.96, 0.24, 0.57, 0.585, 0.98, 0.97, "pdd"),
        Station(-0.20, 0.22, 0.57, 0.585, 1.0, 0.97, "pgg"),
        Station(-0.17, 0.22, 0.60, 0.97, 1.0, 0.74, "ppp"),
        Station(-0.13, 0.22, 0.60, 0.98, 1.0, 0.74, "pgp"),
        Station(0.07, 0.22, 0.60, 1.00, 1.0, 0.74, "ppp"),
        Station(0.10, 0.22, 0.60, 1.00, 1.0, 0.74, "pgp"),
        Station(0.25, 0.22, 0.60, 0.96, 1.0, 0.74, "pgg"),
        Station(0.50, 0.22, 0.60, 0.64, 1.0, 0.86, "ppp"),
        Station(0.88, 0.22, 0.57, 0.61, 0.98, 0.84, "hpp"),
        Station(0.96, 0.24, 0.54, 0.58, 0.94, 0.80, "ppp"),
        Station(0.995, 0.28, 0.50, 0.54, 0.88, 0.74),
    ),
    "panel": (
        Station(-0.995, 0.16, 0.50, 0.98, 0.94, 0.84, "ppp"),
        Station(-0.985, 0.15, 0.50, 0.995, 0.98, 0.86, "tpp"),
        Station(-0.955, 0.14, 0.50, 1.0, 1.0, 0.86, "ppp"),
        Station(0.28, 0.14, 0.50, 1.0, 1.0, 0.86, "ppp"),
        Station(0.34, 0.14, 0.50, 0.99, 1.0, 0.85, "pgp"),
        Station(0.56, 0.14, 0.50, 0.94, 1.0, 0.82, "pgg"),
        Station(0.80, 0.14, 0.48, 0.53, 0.99, 0.82, "ppp"),
        Station(0.91, 0.15, 0.42, 0.46, 0.96, 0.78, "hpp"),
        Station(0.975, 0.17, 0.36, 0.40, 0.92, 0.74, "ppp"),
        Station(0.995, 0.20, 0.32, 0.35, 0.84, 0.66),
    ),
}
_HULLS["minibus"] = (
    *_HULLS["panel"][:2],
    Station(-0.955, 0.14, 0.50, 1.0, 1.0, 0.86, "pgp"),
    Station(-0.56, 0.14, 0.50, 1.0, 1.0, 0.86, "ppp"),
    Station(-0.52, 0.14, 0.50, 1.0, 1.0, 0.86, "pgp"),
    Station(-0.10, 0.14, 0.50, 1.0, 1.0, 0.86, "ppp"),
    Station(-0.06, 0.14, 0.50, 1.0, 1.0, 0.86, "pgp"),
    *_HULLS["panel"][3:],
)
_AXLES = {"pickup": (-0.56, 0.62), "panel": (-0.60, 0.64), "minibus": (-0.60, 0.64)}
_SEATS = {
    "pickup": (0.0,),
    "panel": (0.38,),
    "minibus": (-0.8, -0.4, 0.0, 0.38),
    "hatchback": (-0.48, -0.06),
}


def make_car(request: BodyRequest) -> tuple[Part, ...]:
    """A passenger car."""
    style = request.style or "saloon"
    return standing(_vehicle(style, request), request.size_m)


def make_van(request: BodyRequest) -> tuple[Part, ...]:
    """A delivery van or a minibus."""
    return standing(_vehicle(request.style or "panel", request), request.size_m)


def _vehicle(style: str, request: BodyRequest) -> list[Mesh]:
    size_m = request.size_m
    length, width, height = size_m
    a, b = 0.5 * length, 0.5 * width
    tall = style in ("panel", "minibus")
    wheel_radius = min(0.175 * height, 0.36) if tall else 0.22 * height
    lacquer = paint(request.colour)
    axles = [share * a for share in _AXLES.get(style, (-0.58, 0.61))]
    rows = [share * a for share in _SEATS.get(style, (-0.42, -0.04))]
    belt = (0.50 if tall else 0.62) * height
    cowl = (0.66 if tall else 0.40) * a
    return [
        hull(_HULLS[style], (length, width - 0.03, height), lacquer),
        underbody(0.9 * a, 0.8 * b, (0.12 * height, 0.16 * height)),
        *wheels(axles, b, wheel_radius, 0.22),
        *plates(size_m, 0.26 if tall else 0.36),
        grille(size_m, 0.5 * b, (0.18, 0.245) if tall else (0.26, 0.345)),
        *mirrors(cowl, (0.80 * b, 0.99 * b), (belt + 0.01, belt + 0.09 * height), lacquer),
        *seats(rows, 0.8 * b, (0.3 * height, belt + 0.16 * height)),
        *_ends_of(style, size_m),
    ]


def _ends_of(style: str, size_m: Size) -> list[Mesh]:
    """Dashboard, head lamps, and the rear doors of a van."""
    a, b, height = 0.5 * size_m[0], 0.5 * size_m[1], size_m[2]
    tall = style in ("panel", "minibus")
    lamp_z = (0.28 * height, 0.345 * height) if tall else (0.36 * height, 0.43 * height)
    front = lamps((0.9 * a, a - 0.022), (0.56 * b, 0.82 * b), lamp_z, HEADLIGHT)
    if not tall:
        return [box((0.32 * a, 0.40 * a, -0.85 * b, 0.85 * b), (0.3 * height, 0.61 * height), SEAT), *front]
    seam = box((-a + 0.009, -a + 0.05, -0.012, 0.012), (0.2 * height, 0.92 * height), DARK)
    panes = lamps((-a + 0.007, -a + 0.05), (0.14 * b, 0.70 * b), (0.56 * height, 0.86 * height), GLASS)
    dashboard = box((0.64 * a, 0.74 * a, -0.85 * b, 0.85 * b), (0.3 * height, 0.5 * height), SEAT)
    return [dashboard, seam, *panes, *front]


CARS: dict[str, BodyKind] = {
    "car": BodyKind("car", (4.55, 1.82, 1.46), make_car, styles=("saloon", "estate", "hatchback", "pickup")),
    "van": BodyKind("van", (5.4, 2.0, 2.3), make_van, styles=("panel", "minibus")),
}
