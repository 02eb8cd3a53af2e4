/** Dragging the cuboid in a view: what a hand holds, and the change that its movement means. */

import { batch } from "@preact/signals";
import type { Anchor, AnchorSign, Vec3 } from "../api/types";
import { changed, commit, type Change } from "../edits/changes";
import { flushNudge } from "../edits/nudge";
import { inAxesOf, type Cuboid } from "../geometry/cuboid";
import { rotate, wrapAngle } from "../geometry/quaternion";
import { alongAxis, add, withPart, ZERO } from "../geometry/vector";
import { inform } from "../workbench/notices";
import { gestureRuns, placement, preview, shownCuboid, showPreview, type Placement } from "../workbench/pose";
import { sideName, turnIn, type Side, type ViewAxes } from "./axes";
import { crop } from "./crop";
import { snapDistance } from "./snap";
import { scaleOf, viewFrame } from "./viewframe";

export type Grip =
  { readonly kind: "sides"; readonly sides: readonly Side[] } | { readonly kind: "inside" } | { readonly kind: "turn" };
export type Pixel = readonly [number, number];

export interface Modifiers {
  /** Move without resizing. */
  readonly shift: boolean;
  /** Snap to the points on release. */
  readonly ctrl: boolean;
}

interface Drag {
  readonly view: ViewAxes;
  readonly grip: Grip;
  readonly place: Placement;
  readonly before: Cuboid;
  readonly from: Pixel;
  /** The cuboid's centre on the page, which a turn goes about. */
  readonly centre: Pixel;
}

const SMALLEST_SIDE_M = 0.05;
const CLICK_PX = 2;

let drag: Drag | null = null;

export function startDrag(view: ViewAxes, grip: Grip, from: Pixel, centre: Pixel): void {
  flushNudge();
  const [place, before] = [placement.peek(), shownCuboid.peek()];
  if (!place || !before) return;
  drag = { view, grip, place, before, from, centre };
  gestureRuns.value = true;
}

export function moveDrag(to: Pixel, modifiers: Modifiers): void {
  if (drag) showPreview(drag.place, changed(drag.before, changeOf(drag, to, modifiers)));
}

export function endDrag(to: Pixel, modifiers: Modifiers): void {
  const finished = drag;
  drag = null;
  if (!finished) return;
  batch(() => {
    gestureRuns.value = false;
    if (isClick(finished, to)) preview.value = null;
    else commit(finished.place, finished.before, finalChange(finished, to, modifiers));
  });
}

/** Take everything back. True if something was being dragged. */
export function cancelDrag(): boolean {
  const dragged = drag !== null;
  drag = null;
  if (dragged) {
    batch(() => {
      gestureRuns.value = false;
      preview.value = null;
    });
  }
  return dragged;
}

/** Move sides to the points near them. */
export function snapSides(sides: readonly Side[]): void {
  flushNudge();
  const [place, before] = [placement.peek(), shownCuboid.peek()];
  if (!place || !before) return;
  const snapped = snappedChange(before, before, sides);
  if (snapped) commit(place, before, snapped);
}

function isClick(finished: Drag, to: Pixel): boolean {
  return Math.hypot(to[0] - finished.from[0], to[1] - finished.from[1]) < CLICK_PX;
}

function finalChange(finished: Drag, to: Pixel, modifiers: Modifiers): Change {
  const change = changeOf(finished, to, modifiers);
  if (!modifiers.ctrl || finished.grip.kind !== "sides") return change;
  return snappedChange(finished.before, changed(finished.before, change), finished.grip.sides) ?? change;
}

function changeOf(running: Drag, to: Pixel, modifiers: Modifiers): Change {
  const { grip, view } = running;
  if (grip.kind === "turn") return { kind: "rotate", rotation: turnIn(view, angleBetween(running, to)) };
  const offset = offsetInBox(running, to);
  if (grip.kind === "inside") return { kind: "move", offset };
  if (modifiers.shift) return { kind: "move", offset: onlyAlong(offset, grip.sides) };
  return resizeBy(running.before, grip.sides, (side) => (offset[side.axis] ?? 0) * side.sign);
}

function angleBetween(running: Drag, to: Pixel): number {
  const angle = (pixel: Pixel): number => Math.atan2(running.centre[1] - pixel[1], pixel[0] - running.centre[0]);
  return wrapAngle(angle(to) - angle(running.from));
}

/** How far the pointer went, in metres along the cuboid's axes. */
function offsetInBox(running: Drag, to: Pixel): Vec3 {
  const frame = viewFrame.peek();
  if (!frame) return ZERO;
  const perPixel = 1 / scaleOf(running.view);
  const right = alongAxis(running.view.right, (to[0] - running.from[0]) * perPixel);
  const up = alongAxis(running.view.up, (running.from[1] - to[1]) * perPixel);
  return inAxesOf(running.before, rotate(frame.rotation, add(right, up)));
}

function onlyAlong(offset: Vec3, sides: readonly Side[]): Vec3 {
  return sides.reduce((kept, side) => withPart(kept, side.axis, offset[side.axis]), ZERO);
}

/** Sides moved outwards by some distance each, the opposite sides staying. */
function resizeBy(before: Cuboid, sides: readonly Side[], outwards: (side: Side) => number): Change {
  let size = before.size;
  let anchor: Anchor = [0, 0, 0];
  for (const side of sides) {
    size = withPart(size, side.axis, Math.max(SMALLEST_SIDE_M, size[side.axis] + outwards(side)));
    anchor = withPart<AnchorSign>(anchor, side.axis, side.sign > 0 ? -1 : 1);
  }
  return { kind: "resize", size, anchor };
}

/** The resize of `before` whose sides touch the points around `now`; null where no side found enough points. */
function snappedChange(before: Cuboid, now: Cuboid, sides: readonly Side[]): Change | null {
  const points = crop.peek();
  const distances = new Map(sides.map((side) => [side, points && snapDistance(now, side, points)]));
  const empty = sides.filter((side) => distances.get(side) === null).map(sideName);
  if (empty.length > 0) inform(`Too few points near the ${empty.join(" and ")} side to snap to`);
  if (empty.length === sides.length) return null;
  return resizeBy(before, sides, (side) => now.size[side.axis] - before.size[side.axis] + (distances.get(side) ?? 0));
}
