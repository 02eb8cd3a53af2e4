/** Rotations as unit quaternions w, x, y, z. */

import type { Quaternion, Vec3 } from "../api/types";
import { add, cross, length, scale } from "./vector";

export const IDENTITY: Quaternion = [1, 0, 0, 0];

export function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [aw, ax, ay, az] = a;
  const [bw, bx, by, bz] = b;
  return [
    aw * bw - ax * bx - ay * by - az * bz,
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
  ];
}

export function inverse(q: Quaternion): Quaternion {
  return [q[0], -q[1], -q[2], -q[3]];
}

export function rotate(q: Quaternion, v: Vec3): Vec3 {
  const axis: Vec3 = [q[1], q[2], q[3]];
  const twice = scale(cross(axis, v), 2);
  return add(add(v, scale(twice, q[0])), cross(axis, twice));
}

/** The rotation by the vector's length, in radians, about its direction. */
export function fromRotationVector(vector: Vec3): Quaternion {
  const angle = length(vector);
  if (angle < 1e-12) return IDENTITY;
  const axis = scale(vector, Math.sin(angle / 2) / angle);
  return [Math.cos(angle / 2), ...axis];
}

/** The heading of the rotated x axis about world z, in radians. */
export function yawOf(q: Quaternion): number {
  const forward = rotate(q, [1, 0, 0]);
  return Math.atan2(forward[1], forward[0]);
}

/** An angle brought into (-pi, pi]. */
export function wrapAngle(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}
