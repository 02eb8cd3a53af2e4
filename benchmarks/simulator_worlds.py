"""Worlds of which the truth can be written down: boxes on a plane, and boxes that move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import Pinhole, RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import PathSpec, Segment
from fusion.scenario.language.sensors import Camera, Lidar, SpinningScan
from fusion.scenario.motion import PathMotion, Profile, path_of
from fusion.scenario.sensing.camera import CameraSimulator
from fusion.scenario.sensing.lidar import LidarSimulator
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import Mesh, box
from fusion.scenario.world import START_NS, Actor, Part, PoseAt, Prop, World
from fusion.timeline import Int64Array
from labeling.photo_view import PhotoView

PERIOD_NS = 100_000_000
PLAIN = Surface((0.5, 0.5, 0.5), reflectivity=0.5)
_GROUND = (-400.0, 400.0, -400.0, 400.0)


@dataclass(frozen=True, slots=True, eq=False)
class BoxWorld:
    """Boxes: poses (K,) world_from_box and sizes (K, 3), the first one the ground; the LiDAR's scan."""

    world: World
    poses: RigidTransform
    sizes_m: FloatArray


def standing_boxes(seed: int, origin_m: float) -> BoxWorld:
    """Forty boxes turned at random on a plane, that far from the world's origin."""
    rng = np.random.default_rng(seed)
    sizes = np.concatenate([[[800.0, 800.0, 1.0]], rng.uniform(0.5, 8.0, (40, 3))])
    places = np.concatenate(
        [[[0.0, 0.0, -0.5]], rng.uniform(-60.0, 60.0, (40, 3)) * [1.0, 1.0, 0.05] + [0.0, 0.0, 3.0]]
    )
    turns = np.concatenate([np.zeros((1, 3)), rng.uniform(-3.0, 3.0, (40, 3))])
    poses = RigidTransform(quaternion.from_rotation_vector(turns), places + np.array([origin_m, -0.7 * origin_m, 0.0]))
    props = tuple(Prop(_box(size), poses[index]) for index, size in enumerate(sizes))
    ego = PathMotion(path_of(PathSpec(from_m=(origin_m, -0.7 * origin_m))), Profile.of(12.0))
    return BoxWorld(World(props, (), ego), poses, sizes)


def _box(size_m: FloatArray) -> Mesh:
    x, y, z = (0.5 * size_m).tolist()
    return box((-x, x, -y, y), (-z, z), PLAIN)


def range_errors_m(seed: int, origin_m: float) -> FloatArray:
    """(N,) |simulated - analytic| of every return of a noise-free sweep from a moving LiDAR."""
    boxes = standing_boxes(seed, origin_m)
    scan = SpinningScan(tuple(np.linspace(-25.0, 12.0, 48).tolist()), columns=720)
    lidar = Lidar(scan, min_range_m=0.0, max_range_m=150.0)
    mounting = RigidTransform.from_yaw(0.1, [0.0, 0.0, 9.0])

    def world_from_sensor(times_ns: Int64Array) -> RigidTransform:
        return boxes.world.ego.at(times_ns) * mounting

    simulator = LidarSimulator(MovingScene(boxes.world), lidar, world_from_sensor, PERIOD_NS)
    end_ns = START_NS + PERIOD_NS
    sweep = simulator.sweep(0, end_ns, None).sweep
    points = sweep.points_m.astype(np.float64)
    ranges = np.linalg.norm(points, axis=1)
    poses = world_from_sensor(end_ns + sweep.time_offset_ns.astype(np.int64))
    truth = analytic_ranges_m(boxes, poses.translation, poses.rotate(points / ranges[:, None]))
    return np.abs(ranges - truth)


def analytic_ranges_m(boxes: BoxWorld, origins_m: FloatArray, directions: FloatArray) -> FloatArray:
    """(N,) distance to the nearest box along each ray, by the slab method in float64; infinite for none."""
    nearest = np.full(len(origins_m), np.inf)
    for index, size in enumerate(boxes.sizes_m):
        box_from_world = boxes.poses[index].inverse()
        origin, direction = box_from_world.apply(origins_m), box_from_world.rotate(directions)
        with np.errstate(divide="ignore", invalid="ignore"):
            low = (-0.5 * size - origin) / direction
            high = (0.5 * size - origin) / direction
        enters = np.minimum(low, high).max(axis=1)
        leaves = np.maximum(low, high).min(axis=1)
        nearest = np.where((enters <= leaves) & (enters > 0.0) & (enters < nearest), enters, nearest)
    return nearest


def moving_boxes() -> World:
    """Box-shaped actors at up to 20 m/s around an ego that drives a bend."""
    ego = PathMotion(path_of(PathSpec(from_m=(0.0, 0.0), segments=(Segment(60.0, 60.0),))), Profile.of(10.0))
    actors = []
    for index, (x, y, heading, speed) in enumerate(
        [(14.0, 4.0, 180.0, 15.0), (22.0, -3.0, 0.0, 12.0), (26.0, 12.0, -90.0, 20.0), (12.0, -6.0, 90.0, 8.0)]
    ):
        size = (4.4, 1.9, 1.6)
        raised = RigidTransform(quaternion.IDENTITY, np.array([0.0, 0.0, 0.5 * size[2]]))
        path = path_of(PathSpec(from_m=(x, y), heading_deg=heading))
        motion = PathMotion(path, Profile.of(speed), ground_from_object=raised)
        actors.append(Actor(f"box_{index}", "car", size, (Part(_box(np.array(size))),), motion))
    ground = Prop(box(_GROUND, (-1.0, 0.0), PLAIN), RigidTransform.identity())
    return World((ground,), tuple(actors), ego)


def outline_ious(readout_ms: float) -> list[float]:
    """IoU of the product's outline box with the box of the rendered silhouette, over actors, cameras and moments."""
    world, model = moving_boxes(), Pinhole(800, 500, 420.0, 420.0, 399.5, 249.5)
    scene = MovingScene(world)
    mounting = RigidTransform.from_matrix(np.array([[0, 0, 1, 1.5], [-1, 0, 0, 0], [0, -1, 0, 1.5]], dtype=float))

    def world_from_camera(times_ns: Int64Array) -> RigidTransform:
        return world.ego.at(times_ns) * mounting

    simulator = CameraSimulator(scene, model, _camera(readout_ms), world_from_camera)
    found = []
    for time_ns in START_NS + np.arange(0, 900_000_000, 100_000_000, dtype=np.int64):
        view = _view(model, int(time_ns), round(readout_ms * 1e6), world_from_camera)
        for actor in world.actors:
            mask = simulator.instances(int(time_ns), only=actor.name) >= 0
            box_px = _outline(view, actor)
            if mask.sum() > 300 and np.isfinite(box_px).all():
                found.append(box_iou(box_px, mask_box(mask)))
    return found


def _camera(readout_ms: float) -> Camera:
    return Camera(model={}, readout_ms=readout_ms)


def _view(model: Pinhole, time_ns: int, readout_ns: int, world_from_camera: PoseAt) -> PhotoView:
    half = readout_ns // 2
    times_ns = np.array([time_ns - half, time_ns, time_ns + half]) if readout_ns else np.array([time_ns])
    return PhotoView(model, times_ns, world_from_camera(times_ns).inverse())


def _outline(view: PhotoView, actor: Actor) -> FloatArray:
    poses = actor.trajectory.at(view.times_ns[None])
    return view.outlines(poses, [actor.size_m]).boxes_px[0]


def mask_box(mask: npt.NDArray[np.bool_]) -> FloatArray:
    """From the outer edges of the first to those of the last pixel; a pixel reaches half a pixel from its centre."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5])


def box_iou(a: FloatArray, b: FloatArray) -> float:
    """Of two boxes u, v minimum and maximum."""
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))
