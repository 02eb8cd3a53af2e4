"""Bodies: of the size asked for, on the ground, in one piece whatever their joints do."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from calibration.quaternion import FloatArray
from fusion.scenario.bodies import BODIES, BodyKind, BodyRequest
from fusion.scenario.bodies.gait import Gait, Proportions
from fusion.scenario.bodies.machines import ArmMotion
from fusion.scenario.bodies.riders import Pedalling
from fusion.scenario.world import Part
from fusion.timeline import Int64Array

ARTICULATED = {"pedestrian", "child", "cyclist", "dog", "forklift", "robot_arm"}
RIGID = [(kind, style) for kind, body in BODIES.items() for style in ("", *body.styles) if kind not in ARTICULATED]
STYLES = [(kind, style) for kind, body in BODIES.items() for style in ("", *body.styles)]
TIMES_NS: Int64Array = np.arange(0, 4_000_000_000, 20_000_000, dtype=np.int64)
STILL_NS: Int64Array = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class Drive:
    """Constant speed; joints are functions of seconds, or constants."""

    speed: float = 0.0
    joints: dict[str, FloatArray | float] = field(default_factory=dict)

    def distance_m(self, time_ns: Int64Array) -> FloatArray:
        return self.speed * time_ns * 1e-9

    def speed_mps(self, time_ns: Int64Array) -> FloatArray:
        return np.full(len(time_ns), self.speed)

    def joint(self, name: str, time_ns: Int64Array, default: float = 0.0) -> FloatArray:
        value = self.joints.get(name, default)
        return np.interp(time_ns * 1e-9, [0.0, 4.0], value) if np.ndim(value) else np.full(len(time_ns), value)


def make(kind: str, style: str = "", signals: Drive | None = None, seed: int = 5) -> tuple[Part, ...]:
    body: BodyKind = BODIES[kind]
    rng = np.random.default_rng(seed)
    return body.make(BodyRequest(body.size_m, (0.3, 0.1, 0.05), style, signals or Drive(), rng))


def points_of(part: Part, times_ns: Int64Array) -> FloatArray:
    """(S, V, 3) in the ground frame."""
    vertices = part.mesh.vertices_m[np.unique(part.mesh.triangles)]
    if part.object_from_part is None:
        return np.broadcast_to(vertices, (len(times_ns), *vertices.shape))
    return part.object_from_part(times_ns).apply(vertices)


def reach(parts: tuple[Part, ...], times_ns: Int64Array) -> tuple[FloatArray, FloatArray]:
    points = np.concatenate([points_of(part, times_ns).reshape(-1, 3) for part in parts])
    return points.min(axis=0), points.max(axis=0)


@pytest.mark.parametrize(("kind", "style"), RIGID)
def test_a_rigid_body_touches_all_six_sides(kind: str, style: str) -> None:
    parts = make(kind, style)
    low, high = reach(parts, STILL_NS)
    length, width, height = BODIES[kind].size_m
    assert all(part.object_from_part is None for part in parts)
    np.testing.assert_allclose(low, [-0.5 * length, -0.5 * width, 0.0], atol=1e-9)
    np.testing.assert_allclose(high, [0.5 * length, 0.5 * width, height], atol=1e-9)


@pytest.mark.parametrize("kind", sorted(ARTICULATED))
def test_an_articulated_body_at_rest_is_about_as_large_as_asked_for(kind: str) -> None:
    low, high = reach(make(kind), STILL_NS)
    size = np.array(BODIES[kind].size_m)
    loose = np.array([0.10, 0.02, 0.02])  # a backpack
    assert np.all(np.abs((high - low) - size) <= loose)
    assert high[2] == pytest.approx(size[2], abs=0.04)


@pytest.mark.parametrize(("kind", "style"), STYLES)
def test_nothing_sinks_into_the_ground(kind: str, style: str) -> None:
    joints = {"sit": np.array([0.0, 1.0]), "lift": np.array([0.0, 2.0])}
    for signals in (Drive(1.4), Drive(0.0, joints), Drive(0.3), Drive(-1.0)):
        low, _ = reach(make(kind, style, signals), TIMES_NS)
        assert -0.02 < low[2] < 0.02


@pytest.mark.parametrize(("kind", "style"), STYLES)
def test_meshes_are_sound(kind: str, style: str) -> None:
    triangles = 0
    for part in make(kind, style):
        mesh = part.mesh
        corners = mesh.vertices_m[mesh.triangles]
        areas = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        assert areas.min() > 1e-10
        assert np.all(np.isfinite(mesh.vertices_m))
        assert mesh.surface_of_triangle.shape == (len(mesh.triangles),)
        assert mesh.surface_of_triangle.max() < len(mesh.surfaces)
        triangles += len(mesh.triangles)
    assert 100 < triangles < 3000


@pytest.mark.parametrize("kind", BODIES)
def test_the_same_seed_makes_the_same_body(kind: str) -> None:
    first, again = make(kind, signals=Drive(1.0)), make(kind, signals=Drive(1.0))
    assert len(first) == len(again)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(points_of(one, TIMES_NS[:5]), points_of(other, TIMES_NS[:5]))
        assert one.mesh.surfaces == other.mesh.surfaces


def test_people_differ_from_one_another() -> None:
    assert not np.array_equal(
        make("pedestrian", seed=1)[0].mesh.vertices_m, make("pedestrian", seed=2)[0].mesh.vertices_m
    )


@pytest.mark.parametrize(
    ("kind", "signals"),
    [
        ("pedestrian", Drive(1.4)),
        ("pedestrian", Drive(0.0, {"sit": np.array([0.0, 1.0])})),
        ("child", Drive(2.0)),
        ("cyclist", Drive(5.0)),
        ("dog", Drive(1.5)),
        ("robot_arm", Drive(0.0, {"base": np.array([-90.0, 90.0]), "elbow": np.array([20.0, 110.0])})),
        ("forklift", Drive(0.0, {"lift": np.array([0.0, 2.0])})),
    ],
)
def test_nothing_jumps(kind: str, signals: Drive) -> None:
    times = np.arange(0, 2_500_000_000, 1_000_000, dtype=np.int64)
    for part in make(kind, signals=signals):
        moved = np.linalg.norm(np.diff(points_of(part, times), axis=0), axis=2)
        assert moved.max() < 0.016  # 16 m/s against the ground frame: the toe at push-off, the rim of a wheel


class TestWalking:
    signals = Drive(1.35)
    gait = Gait(Proportions.of(1.75, 0.5), signals, phase=0.3)

    @pytest.mark.parametrize("side", [1.0, -1.0])
    def test_limbs_stay_attached(self, side: float) -> None:
        lengths = self.gait.lengths
        thigh, shank = self.gait.leg(side, TIMES_NS).poses()
        knee = thigh.apply(np.array([[0.0, 0.0, -lengths.thigh]]))[:, 0]
        np.testing.assert_allclose(knee, shank.translation, atol=1e-12)
        ankle = shank.apply(np.array([[0.0, 0.0, -lengths.shank]]))[:, 0]
        np.testing.assert_allclose(ankle, self.gait.foot_pose(side, TIMES_NS).translation, atol=1e-12)
        upper, lower = self.gait.arm(side, TIMES_NS).poses()
        elbow = upper.apply(np.array([[0.0, 0.0, -lengths.upper_arm]]))[:, 0]
        np.testing.assert_allclose(elbow, lower.translation, atol=1e-12)
        trunk = self.gait.trunk_pose(TIMES_NS)
        hip = trunk.apply(np.array([[0.0, side * lengths.hip_half, 0.0]]))[:, 0]
        np.testing.assert_allclose(hip, thigh.translation, atol=1e-12)

    @pytest.mark.parametrize("side", [1.0, -1.0])
    def test_the_leg_reaches_the_foot(self, side: float) -> None:
        foot, ankle = self.gait.foot(side, TIMES_NS), self.gait.leg(side, TIMES_NS).end_m
        np.testing.assert_allclose(ankle[:, 0], foot.ankle_x_m, atol=1e-3)
        np.testing.assert_allclose(ankle[:, 2], foot.ankle_z_m, atol=1e-3)

    def test_knees_bend_forward_only(self) -> None:
        leg = self.gait.leg(1.0, TIMES_NS)
        assert np.all(leg.upper_rad >= leg.lower_rad - 1e-9)
        assert np.rad2deg((leg.upper_rad - leg.lower_rad).max()) > 40.0

    def test_a_foot_on_the_ground_does_not_slide(self) -> None:
        times = np.arange(0, 3_000_000_000, 5_000_000, dtype=np.int64)
        lengths = self.gait.lengths
        sole = np.array([[-lengths.heel, 0.0, -lengths.ankle], [lengths.toe, 0.0, -lengths.ankle]])
        corners = self.gait.foot_pose(1.0, times).apply(sole)
        in_world = corners[..., 0] + self.signals.distance_m(times)[:, None]
        flat = np.all(corners[..., 2] < 0.001, axis=1)
        assert 0.2 < flat.mean() < 0.5
        steps = in_world[flat][:, 0]
        landings = np.unique(np.round(steps / lengths.stride))
        assert len(landings) >= 2
        for landing in landings:
            one = steps[np.round(steps / lengths.stride) == landing]
            assert np.ptp(one) < 0.005

    def test_one_foot_is_always_on_the_ground(self) -> None:
        parts = make("pedestrian", signals=self.signals)
        lowest = np.min([points_of(part, TIMES_NS)[..., 2].min(axis=1) for part in parts], axis=0)
        assert np.all(np.abs(lowest) < 0.005)

    def test_who_stands_still_does_not_swing(self) -> None:
        standing = Gait(self.gait.lengths, Drive(0.0), phase=0.3)
        assert np.all(standing.swing(TIMES_NS) == 0.0)
        assert np.all(standing.foot(1.0, TIMES_NS).ankle_x_m == 0.0)


def test_sitting_brings_the_thighs_level_and_the_pelvis_down() -> None:
    gait = Gait(Proportions.of(1.75, 0.5), Drive(0.0, {"sit": 1.0}))
    leg = gait.leg(1.0, STILL_NS)
    assert np.rad2deg(leg.upper_rad[0]) == pytest.approx(90.0, abs=5.0)
    assert np.rad2deg(leg.lower_rad[0]) == pytest.approx(0.0, abs=5.0)
    assert gait.pelvis_m(STILL_NS)[0, 2] == pytest.approx(gait.lengths.ankle + gait.lengths.shank, abs=0.02)
    assert gait.lean_rad(STILL_NS)[0] == pytest.approx(0.0, abs=1e-9)


def test_a_child_has_shorter_legs_for_its_height() -> None:
    adult, child = Proportions.of(1.2, 0.4), Proportions.of(1.2, 0.4, legs=0.93)
    assert child.leg < adult.leg
    for lengths in (adult, child):
        assert lengths.ankle + lengths.leg + lengths.neck < 1.2


def test_feet_stay_on_the_pedals() -> None:
    motion = Pedalling(Proportions.of(1.75, 0.46), Drive(4.0), 1.0, 0.4)
    for side in (1.0, -1.0):
        pedal = motion.cranks(TIMES_NS).apply(np.array([[side * 0.17, 0.0, 0.0]]))[:, 0]
        ankle = motion.leg(side, TIMES_NS).end_m
        away = ankle - pedal
        assert np.ptp(away[:, 0]) < 0.005
        assert np.ptp(away[:, 2]) < 0.005
    turns = np.ptp(motion.crank_rad(TIMES_NS)) / (2.0 * np.pi)
    assert turns == pytest.approx(4.0 * 3.98 / 4.6, rel=0.01)


def test_forks_go_up_by_the_lift_and_the_truck_stays() -> None:
    truck, inner, carriage = make("forklift", signals=Drive(0.0, {"lift": 1.5}))
    at_rest = make("forklift")
    np.testing.assert_array_equal(points_of(truck, STILL_NS), points_of(at_rest[0], STILL_NS))
    raised = points_of(carriage, STILL_NS) - points_of(at_rest[2], STILL_NS)
    np.testing.assert_allclose(raised, np.broadcast_to([0.0, 0.0, 1.5], raised.shape), atol=1e-12)
    assert 0.0 < (points_of(inner, STILL_NS) - points_of(at_rest[1], STILL_NS))[0, 0, 2] < 1.5


def test_a_robot_arm_hangs_together_and_its_tool_points_down() -> None:
    joints = {"base": np.array([-120.0, 120.0]), "shoulder": np.array([-10.0, 40.0]), "elbow": np.array([90.0, 40.0])}
    motion = ArmMotion(Drive(0.0, joints), 1.0)
    upper, fore, wrist = (motion.link(number, TIMES_NS) for number in range(3))
    np.testing.assert_allclose(upper.apply(np.array([[0.0, 0.0, 0.68]]))[:, 0], fore.translation, atol=1e-12)
    np.testing.assert_allclose(fore.apply(np.array([[0.0, 0.0, 0.62]]))[:, 0], wrist.translation, atol=1e-12)
    down = wrist.rotate(np.broadcast_to([0.0, 0.0, 1.0], (len(TIMES_NS), 3)))
    np.testing.assert_allclose(down, np.broadcast_to([0.0, 0.0, -1.0], down.shape), atol=1e-12)
    turret = np.rad2deg(motion.turret(TIMES_NS).yaw_rad)
    assert turret[0] == pytest.approx(-120.0)
    assert turret[-1] == pytest.approx(119.0, abs=1.0)
