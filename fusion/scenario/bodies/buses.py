"""City buses, also in two sections with bellows between them."""

from __future__ import annotations

from fusion.scenario.bodies.body import BodyKind, BodyRequest
from fusion.scenario.bodies.fitting import moved, paint, standing
from fusion.scenario.bodies.hulls import Station, hull, lamps, mirrors, plates, rear_lamps, seats, underbody, wheels
from fusion.scenario.solids.lofts import prism
from fusion.scenario.solids.materials import DARK, GLASS, HEADLIGHT, INDICATOR, RUBBER, STEEL, WARNING_YELLOW
from fusion.scenario.solids.meshes import Mesh, box
from fusion.scenario.world import Part

_BELLOWS_M = 0.6
_PILLAR_M, _WINDOW_M = 0.1, 1.45


def make_bus(request: BodyRequest) -> tuple[Part, ...]:
    """A city bus, or the front of an articulated one with half of the bellows behind."""
    jointed = request.style == "articulated_front"
    a = 0.5 * request.size_m[0]
    rear = -a + (_BELLOWS_M if jointed else 0.0)
    parts = [*_shell(request, (rear, a)), *_front(request, a)]
    parts += _bellows(request, (-a, rear)) if jointed else _back(request, rear)
    axles = [a - 2.7, rear + 1.6 if jointed else rear + 3.2]
    return standing([*parts, *wheels(axles, 0.5 * request.size_m[1], 0.48, 0.3)], request.size_m)


def make_bus_rear(request: BodyRequest) -> tuple[Part, ...]:
    """The rear section of an articulated bus, with half of the bellows in front."""
    a = 0.5 * request.size_m[0]
    front = a - _BELLOWS_M
    parts = [*_shell(request, (-a, front)), *_back(request, -a), *_bellows(request, (front, a))]
    return standing([*parts, *wheels([-a + 2.9], 0.5 * request.size_m[1], 0.48, 0.3)], request.size_m)


def _shell(request: BodyRequest, x_m: tuple[float, float]) -> list[Mesh]:
    """Walls with a band of windows, roof with its boxes, floor and seats, between two x."""
    (_, width, height), (rear, front) = request.size_m, x_m
    length, middle = front - rear, 0.5 * (front + rear)
    b = 0.5 * width
    walls = hull(_sections(length), (length - 0.02, width - 0.02, height - 0.18), paint(request.colour))
    unit = box((middle - 0.2 * length, middle + 0.25 * length, -0.85, 0.85), (height - 0.25, height), STEEL)
    rows = [rear + 1.3 + 0.95 * k for k in range(int((length - 3.0) / 0.95))]
    return [
        moved(walls, middle),
        moved(underbody(0.47 * length, 0.8 * b, (0.28, 0.45)), middle),
        unit,
        *seats(rows, 0.85 * b, (0.45, 1.3)),
    ]


def _sections(length_m: float) -> list[Station]:
    """Panes between pillars, all along."""
    count = max(int((length_m - 0.8) / (_PILLAR_M + _WINDOW_M)), 1)
    pitch = (length_m - 0.8) / count
    starts = [-0.5 * length_m + 0.4 + k * pitch for k in range(count)]
    inner = [(x, "pgp") for x in starts] + [(x + pitch - _PILLAR_M, "ppp") for x in starts]
    ends = [(-0.5 * length_m, 0.97, "ppp"), (-0.5 * length_m + 0.06, 1.0, "ppp"), (0.5 * length_m - 0.06, 1.0, "ppp")]
    rows = sorted([(x, 1.0, skin) for x, skin in inner] + ends)
    stations = [_section(x / (0.5 * length_m), width, skin) for x, width, skin in rows]
    return [*stations, _section(1.0, 0.97, "ppp")]


def _section(x: float, width: float, skin: str) -> Station:
    return Station(x, 0.10, 0.40, 1.0 if width == 1.0 else 0.985, width, 0.95 * width, skin)


def _front(request: BodyRequest, a: float) -> list[Mesh]:
    """Windscreen, destination sign, lamps, mirrors, plate, and two doors on the right-hand side."""
    _, width, height = request.size_m
    b = 0.5 * width
    screen = box((a - 0.06, a - 0.004, -b + 0.12, b - 0.12), (0.36 * height, 0.80 * height), GLASS)
    sign = box((a - 0.06, a - 0.003, -b + 0.3, b - 0.3), (0.82 * height, 0.91 * height), DARK)
    digits = box((a - 0.06, a - 0.001, -0.55, 0.55), (0.84 * height, 0.89 * height), WARNING_YELLOW)
    doors = [
        prism(
            ((x - 0.6, 0.36), (x + 0.6, 0.36), (x + 0.6, 0.8 * height), (x - 0.6, 0.8 * height)), (-b, -b + 0.1), GLASS
        )
        for x in (a - 1.1, a - 5.6)
        if x > -a + 1.0
    ]
    return [
        screen,
        sign,
        digits,
        *doors,
        *lamps((a - 0.1, a), (b - 0.5, b - 0.12), (0.6, 0.78), HEADLIGHT),
        *lamps((a - 0.1, a - 0.002), (b - 0.62, b - 0.5), (0.6, 0.78), INDICATOR),
        *mirrors(a - 0.02, (b - 0.22, b), (0.6 * height, 0.75 * height), DARK),
        *plates((2.0 * a, width, height), 0.13)[1:],
    ]


def _back(request: BodyRequest, rear: float) -> list[Mesh]:
    """Rear window, engine grille, lamps, plate."""
    _, width, height = request.size_m
    b = 0.5 * width
    return [
        box((rear + 0.004, rear + 0.06, -b + 0.35, b - 0.35), (0.55 * height, 0.82 * height), GLASS),
        box((rear + 0.004, rear + 0.06, -b + 0.5, b - 0.5), (0.22 * height, 0.38 * height), DARK),
        *rear_lamps(rear, b - 0.1, 0.45 * height),
        moved(plates((0.0, width, height), 0.15, front=False)[0], rear),
    ]


def _bellows(request: BodyRequest, x_m: tuple[float, float]) -> list[Mesh]:
    """Dark folds between two x."""
    _, width, height = request.size_m
    b, step = 0.5 * width - 0.06, (x_m[1] - x_m[0]) / 4
    folds = []
    for k in range(4):
        x = x_m[0] + k * step
        folds.append(box((x, x + 0.55 * step, -b, b), (0.35, height - 0.2), RUBBER))
        folds.append(box((x + 0.55 * step, x + step, -b + 0.09, b - 0.09), (0.42, height - 0.29), RUBBER))
    return folds


BUSES: dict[str, BodyKind] = {
    "bus": BodyKind("bus", (12.0, 2.55, 3.1), make_bus, styles=("city", "articulated_front")),
    "bus_rear": BodyKind("bus", (7.2, 2.55, 3.1), make_bus_rear),
}
