/**
 * The three orthographic views, in the object's own axes: x forward, y left, z up.
 *
 *     top            side           front
 *     y ^            z ^            z ^
 *       |              |              |
 *       +--> x         +--> x         +--> y
 *   from above     from its right  from before it
 */

import type { Vec3 } from "../api/types";
import { alongAxis } from "../geometry/vector";

export type ViewName = "top" | "side" | "front";
export type AxisIndex = 0 | 1 | 2;
export type SideName = "front" | "rear" | "left" | "right" | "top" | "bottom";

export interface ViewAxes {
  readonly name: ViewName;
  readonly title: string;
  /** The object's axis that points right on the screen. */
  readonly right: AxisIndex;
  /** The object's axis that points up on the screen. */
  readonly up: AxisIndex;
  readonly depth: AxisIndex;
  /** The sign of the depth axis that points at the viewer; turning about it is counter-clockwise on the screen. */
  readonly toViewer: 1 | -1;
  /** What lies at the right and at the upper edge. */
  readonly rightEdge: string;
  readonly upperEdge: string;
}

export interface Side {
  readonly axis: AxisIndex;
  readonly sign: 1 | -1;
}

export const VIEWS: Readonly<Record<ViewName, ViewAxes>> = {
  top: { name: "top", title: "Top", right: 0, up: 1, depth: 2, toViewer: 1, rightEdge: "front", upperEdge: "left" },
  side: { name: "side", title: "Side", right: 0, up: 2, depth: 1, toViewer: -1, rightEdge: "front", upperEdge: "top" },
  front: { name: "front", title: "Front", right: 1, up: 2, depth: 0, toViewer: 1, rightEdge: "left", upperEdge: "top" },
};

export const VIEW_NAMES: readonly ViewName[] = ["top", "side", "front"];

const SIDE_NAMES: readonly (readonly [SideName, SideName])[] = [
  ["rear", "front"],
  ["right", "left"],
  ["bottom", "top"],
];

export function sideName(side: Side): SideName {
  const names = SIDE_NAMES[side.axis] ?? ["rear", "front"];
  return side.sign > 0 ? names[1] : names[0];
}

export function sidesOf(view: ViewAxes): readonly Side[] {
  return [view.right, view.up].flatMap((axis): Side[] => [
    { axis, sign: 1 },
    { axis, sign: -1 },
  ]);
}

export function cornersOf(view: ViewAxes): readonly (readonly [Side, Side])[] {
  const signs = [1, -1] as const;
  return signs.flatMap((first) =>
    signs.map((second): [Side, Side] => [
      { axis: view.right, sign: first },
      { axis: view.up, sign: second },
    ]),
  );
}

/** A turn by an angle, counter-clockwise on the view's screen, as a rotation vector. */
export function turnIn(view: ViewAxes, angle: number): Vec3 {
  return alongAxis(view.depth, view.toViewer * angle);
}
