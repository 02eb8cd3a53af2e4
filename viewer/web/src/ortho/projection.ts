/** From the views' axes to pixels. */

import type { Vec3 } from "../api/types";
import { placeIn, type Cuboid } from "../geometry/cuboid";
import { inverse, multiply, rotate } from "../geometry/quaternion";
import { add, alongAxis, scale } from "../geometry/vector";
import type { Side, ViewAxes } from "./axes";
import type { Pixel } from "./drag";
import { scaleOf, viewSizes, type ViewFrame } from "./viewframe";

/** A cuboid as one view draws it, in pixels of that view. */
export interface Outline {
  readonly centre: Pixel;
  /** From the centre to the middle of a side. */
  readonly toSide: (side: Side) => Pixel;
}

export function outlineIn(view: ViewAxes, frame: ViewFrame, cuboid: Cuboid): Outline {
  const centre = placeIn(frame, cuboid.position);
  const turn = multiply(inverse(frame.rotation), cuboid.rotation);
  const toSide = (side: Side): Pixel => {
    const half = scale(rotate(turn, alongAxis(side.axis, side.sign)), cuboid.size[side.axis] / 2);
    return difference(pixelOf(view, add(centre, half)), pixelOf(view, centre));
  };
  return { centre: pixelOf(view, centre), toSide };
}

export function pixelOf(view: ViewAxes, place: Vec3): Pixel {
  const { width, height } = viewSizes.value[view.name];
  const pixels = scaleOf(view);
  return [width / 2 + place[view.right] * pixels, height / 2 - place[view.up] * pixels];
}

export function plus(a: Pixel, b: Pixel): Pixel {
  return [a[0] + b[0], a[1] + b[1]];
}

export function difference(a: Pixel, b: Pixel): Pixel {
  return [a[0] - b[0], a[1] - b[1]];
}

export function times(a: Pixel, factor: number): Pixel {
  return [a[0] * factor, a[1] * factor];
}

/** The same direction with another length. */
export function ofLength(a: Pixel, wanted: number): Pixel {
  return times(a, wanted / Math.max(1e-6, Math.hypot(a[0], a[1])));
}
