/** Small arithmetic on points and directions in three dimensions. */

import type { Vec3 } from "../api/types";

export const ZERO: Vec3 = [0, 0, 0];

export function add(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function scale(a: Vec3, factor: number): Vec3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function length(a: Vec3): number {
  return Math.hypot(...a);
}

export function distance(a: Vec3, b: Vec3): number {
  return length(subtract(a, b));
}

/** The same vector with one of its parts replaced. */
export function withPart<Part extends number>(
  a: readonly [Part, Part, Part],
  axis: number,
  value: Part,
): readonly [Part, Part, Part] {
  return [axis === 0 ? value : a[0], axis === 1 ? value : a[1], axis === 2 ? value : a[2]];
}

/** A vector that is zero but for one part. */
export function alongAxis(axis: number, value: number): Vec3 {
  return withPart<number>(ZERO, axis, value);
}
