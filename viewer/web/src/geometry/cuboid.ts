/** A cuboid in the world and the changes that a hand makes to it; each mirrors an edit of the server. */

import type { Anchor, Quaternion, Vec3 } from "../api/types";
import { fromRotationVector, inverse, multiply, rotate } from "./quaternion";
import { add, subtract } from "./vector";

export interface Pose {
  readonly position: Vec3;
  readonly rotation: Quaternion;
}

export interface Cuboid extends Pose {
  readonly size: Vec3;
}

/** Moved along its own axes. */
export function moved(cuboid: Cuboid, offset: Vec3): Cuboid {
  return { ...cuboid, position: add(cuboid.position, rotate(cuboid.rotation, offset)) };
}

/** Turned about its centre by a rotation vector in its own axes. */
export function turned(cuboid: Cuboid, rotation: Vec3): Cuboid {
  return { ...cuboid, rotation: multiply(cuboid.rotation, fromRotationVector(rotation)) };
}

/** With another size, the anchored sides staying where they are. */
export function resized(cuboid: Cuboid, size: Vec3, anchor: Anchor): Cuboid {
  const growth = subtract(size, cuboid.size);
  const shift: Vec3 = [-0.5 * growth[0] * anchor[0], -0.5 * growth[1] * anchor[1], -0.5 * growth[2] * anchor[2]];
  return { ...moved(cuboid, shift), size };
}

/** A direction of the world in the axes of a pose. */
export function inAxesOf(pose: Pose, direction: Vec3): Vec3 {
  return rotate(inverse(pose.rotation), direction);
}

/** A place of the world in the axes of a pose, from its origin. */
export function placeIn(pose: Pose, place: Vec3): Vec3 {
  return inAxesOf(pose, subtract(place, pose.position));
}
