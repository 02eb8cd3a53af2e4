"""What stands along a line: walls, glass walls, guard rails, fences, hedges, tunnels.

Without a path they are straight, size_m long, about their place. With a width_m they stand at both sides of a road of
that width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.courses import Course, gathered, sides, swept
from fusion.scenario.places.prop import PathMaker, PropKind, finish_of, size_of
from fusion.scenario.solids.materials import FOLIAGE, GLASS_PANE, LAMP, MATERIALS, REFLECTOR, STEEL, WIRE, WOOD, Surface
from fusion.scenario.solids.meshes import Mesh, box, join
from fusion.scenario.world import Prop

Profile = Sequence[tuple[float, float]]
_RAIL_CLEARANCE_M = 0.6


def upright(thick_m: float, z_m: tuple[float, float], left_m: float = 0.0) -> Profile:
    """Rectangle (left, up) about a line."""
    low, high = left_m - 0.5 * thick_m, left_m + 0.5 * thick_m
    return ((low, z_m[0]), (high, z_m[0]), (high, z_m[1]), (low, z_m[1]))


def _along_sides(
    spec: PropSpec, paths: PathMaker | None, build: Callable[[Course, float], tuple[Prop, ...]]
) -> tuple[Prop, ...]:
    """build is given a line, and 1 where it is the left of two, -1 for the right one, 0 for the only one."""
    course = Course.of(spec, paths, length_m=20.0)
    return tuple(prop for left in sides(spec) for prop in build(course.beside(left), float(np.sign(left))))


def make_wall(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """A massive wall; size_m: y its thickness, z its height."""
    _, thick, height = size_of(spec, (20.0, 0.25, 2.6))
    surface = finish_of(spec, MATERIALS["concrete"])
    return _along_sides(spec, paths, lambda line, _side: swept(line, upright(thick, (-0.2, height)), surface))


def make_glass_wall(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Panes in a thin steel frame."""
    _, _, height = size_of(spec, (20.0, 0.02, 2.8))
    glass = finish_of(spec, GLASS_PANE)

    def build(line: Course, _side: float) -> tuple[Prop, ...]:
        frame = [swept(line, upright(0.05, z), STEEL) for z in ((0.0, 0.06), (height - 0.06, height))]
        posts = [(box((-0.02, 0.02, -0.025, 0.025), (0.0, height), STEEL), pose) for pose in line.places(2.0)]
        # One sheet, not a solid: light would be dimmed at both faces.
        panes = swept(line, ((0.0, 0.06), (0.0, height - 0.06)), glass, closed=False)
        return (*panes, *(prop for part in frame for prop in part), *gathered(posts))

    return _along_sides(spec, paths, build)


def make_barrier(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """A guard rail on posts with reflectors; beside a road of width_m it keeps 0.6 m away from it."""
    surface = finish_of(spec, STEEL)
    wave = ((0.0, 0.43), (0.05, 0.48), (0.05, 0.54), (0.0, 0.59), (0.05, 0.64), (0.05, 0.70), (0.0, 0.75))

    def build(line: Course, side: float) -> tuple[Prop, ...]:
        rail = line.beside(side * _RAIL_CLEARANCE_M)
        facing = -1.0 if side > 0.0 else 1.0
        posts = [(_rail_post(facing, surface), pose) for pose in rail.places(4.0)]
        return (*swept(rail, [(facing * out, up) for out, up in wave], surface, closed=False), *gathered(posts))

    return _along_sides(spec, paths, build)


def _rail_post(facing: float, surface: Surface) -> Mesh:
    low, high = sorted((-0.11 * facing, 0.0))
    cap = sorted((-0.08 * facing, -0.02 * facing))
    post = box((-0.05, 0.05, low, high), (-0.1, 0.72), surface)
    return join([post, box((-0.03, 0.03, cap[0], cap[1]), (0.76, 0.84), REFLECTOR)])


def make_fence(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Wire mesh between posts, or with material wood, boards."""
    _, _, height = size_of(spec, (20.0, 0.05, 1.8))
    wooden = spec.material == "wood"
    posts_of = WOOD if wooden else STEEL
    surface = finish_of(spec, WIRE)

    def build(line: Course, _side: float) -> tuple[Prop, ...]:
        posts = [(box((-0.03, 0.03, -0.03, 0.03), (-0.1, height), posts_of), pose) for pose in line.places(2.5)]
        boards = np.arange(0.1, height - 0.1, 0.28).tolist() if wooden else []
        rails = [swept(line, upright(0.03, (z, z + 0.2), 0.045), surface) for z in boards]
        sheet = () if wooden else swept(line, ((0.0, 0.03), (0.0, height - 0.03)), surface, closed=False)
        return (*sheet, *gathered(posts), *(prop for rail in rails for prop in rail))

    return _along_sides(spec, paths, build)


def make_hedge(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Clipped bushes."""
    _, thick, height = size_of(spec, (20.0, 0.8, 1.4))
    b, crown = 0.5 * thick, 0.86 * height
    profile = ((-0.8 * b, 0.0), (0.8 * b, 0.0), (b, 0.5 * height), (0.85 * b, crown), (0.4 * b, height))
    outline = (*profile, (-0.4 * b, height), (-0.85 * b, crown), (-b, 0.5 * height))
    return _along_sides(spec, paths, lambda line, _side: swept(line, outline, finish_of(spec, FOLIAGE)))


def make_tunnel(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Walls and vault over a road of width_m, with kerbs and a row of lamps; size_m: z its clear height."""
    width = (spec.width_m or 9.0) + 1.6
    height = size_of(spec, (60.0, width, 5.6))[2]
    course = Course.of(spec, paths, length_m=60.0)
    b, springing = 0.5 * width, 0.45 * height
    angles = np.linspace(0.0, np.pi, 11)
    vault = [(b * float(np.cos(a)), springing + (height - springing) * float(np.sin(a))) for a in angles]
    inside = [(b, -0.1), *vault, (-b, -0.1)]
    outer = [(x * (b + 0.6) / b, z + (0.6 if z > springing else 0.0)) for x, z in inside]
    concrete = finish_of(spec, MATERIALS["concrete"])
    kerbs = [swept(course, upright(0.8, (-0.1, 0.18), side * (b - 0.4)), MATERIALS["paving"]) for side in (1.0, -1.0)]
    lamps = [(box((-0.6, 0.6, -0.12, 0.12), (height - 0.12, height - 0.03), LAMP), pose) for pose in course.places(8.0)]
    shells = [swept(course, line, concrete, closed=False) for line in (inside, outer)]
    return (*(prop for part in (*shells, *kerbs) for prop in part), *gathered(lamps))


ALONG: dict[str, PropKind] = {
    "wall": PropKind("wall along a path or straight", make_wall),
    "glass_wall": PropKind("panes in a steel frame, that LiDAR and light mostly pass", make_glass_wall),
    "barrier": PropKind("guard rail along a path, or with width_m along both sides of a road", make_barrier),
    "fence": PropKind("wire fence, or wooden with material wood", make_fence),
    "hedge": PropKind("hedge along a path or straight", make_hedge),
    "tunnel": PropKind("walls, vault and lamps over a road of width_m along a path", make_tunnel),
}
