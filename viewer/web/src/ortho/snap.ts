/** Where a side of the cuboid should be, judged by the points near it. */

import { placeIn, type Cuboid } from "../geometry/cuboid";
import { rotate, inverse } from "../geometry/quaternion";
import type { Side } from "./axes";
import { ROW, type Crop } from "./crop";

/** How far outside the side points may lie and still belong to the object. */
const REACH_M = 0.6;
/** How far beside the cuboid, in the other two directions. */
const BAND_M = 0.1;
/** Points this near the underside are taken for ground. */
const GROUND_M = 0.2;
const MARGIN_M = 0.02;
const OUTERMOST = 0.98;
const FEWEST_POINTS = 5;
const UP = 2;

/** How far the side must move outwards, in metres, to touch the points; null where there are too few of them. */
export function snapDistance(cuboid: Cuboid, side: Side, crop: Crop): number | null {
  const reaches = reachesNear(cuboid, side, crop);
  if (reaches.length < FEWEST_POINTS) return null;
  reaches.sort((a, b) => a - b);
  const outermost = reaches[Math.min(reaches.length - 1, Math.floor(OUTERMOST * reaches.length))] ?? 0;
  return outermost + MARGIN_M - cuboid.size[side.axis] / 2;
}

/** How far out each point of the side's half of the cuboid reaches, from the centre. */
function reachesNear(cuboid: Cuboid, side: Side, crop: Crop): number[] {
  const toBox = inverse(cuboid.rotation);
  const centre = placeIn(cuboid, crop.centre);
  const half = cuboid.size.map((extent) => extent / 2) as [number, number, number];
  const found: number[] = [];
  for (let row = 0; row + ROW <= crop.rows.length; row += ROW) {
    const offset = rotate(toBox, [crop.rows[row] ?? 0, crop.rows[row + 1] ?? 0, crop.rows[row + 2] ?? 0]);
    const place = [centre[0] + offset[0], centre[1] + offset[1], centre[2] + offset[2]];
    const reach = (place[side.axis] ?? 0) * side.sign;
    if (reach > 0 && reach < half[side.axis] + REACH_M && isBeside(place, half, side)) found.push(reach);
  }
  return found;
}

/** Within the band of the cuboid in the directions that the side does not move in, and above the ground. */
function isBeside(place: readonly number[], half: readonly number[], side: Side): boolean {
  for (let axis = 0; axis < 3; axis += 1) {
    if (axis === side.axis) continue;
    if (Math.abs(place[axis] ?? 0) > (half[axis] ?? 0) + BAND_M) return false;
  }
  return side.axis === UP || (place[UP] ?? 0) > GROUND_M - (half[UP] ?? 0);
}
