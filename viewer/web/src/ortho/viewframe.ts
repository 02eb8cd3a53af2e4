/**
 * The axes and the place that the three views look along and at. They follow the selected object from frame to frame,
 * but hold still under a hand, and after an edit as long as the object stays near the middle.
 */

import { effect, signal } from "@preact/signals";
import type { Quaternion, Vec3 } from "../api/types";
import type { Cuboid, Pose } from "../geometry/cuboid";
import { distance } from "../geometry/vector";
import { gestureRuns, shownCuboid } from "../workbench/pose";
import { frame, selectedId } from "../workbench/selection";
import type { AxisIndex, ViewAxes, ViewName } from "./axes";

export interface ViewFrame extends Pose {
  /** The size that the views were fitted to. */
  readonly fitted: Vec3;
  readonly lookingAt: string;
}

export interface ViewSize {
  readonly width: number;
  readonly height: number;
}

const SAME_ROTATION = 1e-6;
/** How far, in parts of its largest side, an object may move before the views follow it. */
const SLACK = 0.25;
const MARGIN_SHARE = 1.45;
const MARGIN_M = 1.2;
const ZOOM_RANGE = [0.1, 40] as const;

export const viewFrame = signal<ViewFrame | null>(null);
export const zooms = signal<Readonly<Record<ViewName, number>>>({ top: 1, side: 1, front: 1 });
export const viewSizes = signal<Readonly<Record<ViewName, ViewSize>>>({
  top: { width: 1, height: 1 },
  side: { width: 1, height: 1 },
  front: { width: 1, height: 1 },
});

effect(follow);

function follow(): void {
  const [cuboid, id, index, runs] = [shownCuboid.value, selectedId.value, frame.value, gestureRuns.value];
  const held = viewFrame.peek();
  if (id === null) viewFrame.value = null;
  if (!cuboid || id === null) return;
  const lookingAt = `${id} ${index}`;
  if (held?.lookingAt !== lookingAt) viewFrame.value = { ...poseOf(cuboid), fitted: cuboid.size, lookingAt };
  else if (!runs) viewFrame.value = adjusted(held, cuboid);
}

function adjusted(held: ViewFrame, cuboid: Cuboid): ViewFrame {
  const strayed = distance(held.position, cuboid.position) > SLACK * Math.max(...held.fitted);
  const turned = differ(held.rotation, cuboid.rotation);
  if (!strayed && !turned) return held;
  return { ...held, rotation: cuboid.rotation, position: strayed ? cuboid.position : held.position };
}

function poseOf(cuboid: Cuboid): Pose {
  return { position: cuboid.position, rotation: cuboid.rotation };
}

function differ(a: Quaternion, b: Quaternion): boolean {
  const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  return 1 - Math.abs(cosine) > SAME_ROTATION;
}

/** Pixels per metre of a view. */
export function scaleOf(view: ViewAxes): number {
  const { width, height } = viewSizes.value[view.name];
  const fitted = viewFrame.value?.fitted ?? [1, 1, 1];
  const across = (pixels: number, axis: AxisIndex): number => pixels / (MARGIN_SHARE * fitted[axis] + MARGIN_M);
  return Math.min(across(width, view.right), across(height, view.up)) * zooms.value[view.name];
}

export function zoom(name: ViewName, factor: number): void {
  const next = zooms.peek()[name] * factor;
  const [least, most] = ZOOM_RANGE;
  zooms.value = { ...zooms.peek(), [name]: Math.min(most, Math.max(least, next)) };
}

/** Half of what a view shows, in metres, along its longer side. */
export function reachOf(view: ViewAxes): number {
  const { width, height } = viewSizes.value[view.name];
  return Math.hypot(width, height) / 2 / scaleOf(view);
}
