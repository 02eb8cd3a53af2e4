/** Picks that repair a camera's mounting: a LiDAR point, its pixel, and again, until the server can solve them. */

import { effect, signal } from "@preact/signals";
import { previewRig, snapToPoint, solvePicks } from "../api/endpoints";
import type { PickMessage, PicksReply, Vec3 } from "../api/types";
import { submit } from "../edits/queue";
import { inform, reportFailure } from "../workbench/notices";
import { recording, recordingName, rigNumber } from "../workbench/recording";
import { frame, tool } from "../workbench/selection";
import { drifts } from "./drift";

export const pickCamera = signal("");
export const picks = signal<readonly PickMessage[]>([]);
/** The LiDAR point that waits for its pixel. */
export const waitingPoint = signal<{ readonly frame: number; readonly position: Vec3 } | null>(null);
/** The pixel of a photo that was clicked last, whether it made a pick or not. */
export const clickedPixel = signal<readonly [number, number] | null>(null);
export const solution = signal<PicksReply | null>(null);
export const previewShown = signal(true);

type PreviewListener = (bytes: ArrayBuffer) => void;
let showPreview: PreviewListener = () => undefined;

/** Who hands previews to Rerun. */
export function onPreview(listener: PreviewListener): void {
  showPreview = listener;
}

export function takePick(place: Vec3 | null, seen: { camera: string; pixel: [number, number] } | null): void {
  if (place) void takePoint(place);
  else if (seen) takePixel(seen.camera, seen.pixel);
}

async function takePoint(place: Vec3): Promise<void> {
  const index = frame.peek();
  try {
    const position = await snapToPoint(recordingName.peek(), index, place);
    if (position) waitingPoint.value = { frame: index, position };
    else inform("No LiDAR point is near this place; click on a point of the cloud");
  } catch (error) {
    reportFailure(messageOf(error));
  }
}

function takePixel(camera: string, pixel: [number, number]): void {
  clickedPixel.value = pixel;
  const point = waitingPoint.peek();
  if (!point) return inform("First click a LiDAR point in the cloud, then its pixel");
  if (camera !== pickCamera.peek()) return inform(`The picks are for ${pickCamera.peek()}, not ${camera}`);
  if (point.frame !== frame.peek()) return inform("Click the pixel in the frame of the point");
  waitingPoint.value = null;
  setPicks([...picks.peek(), { frame: point.frame, position_m: point.position, pixel }]);
}

export function dropPick(index: number): void {
  setPicks(picks.peek().filter((_, each) => each !== index));
}

export function chooseCamera(name: string): void {
  const before = pickCamera.peek();
  if (before !== "" && before !== name) void sendPreview(before, [], null);
  pickCamera.value = name;
  waitingPoint.value = null;
  setPicks([]);
}

/** The edit that makes the correction the rig's newest version. */
export function adopt(): void {
  const edit = solution.peek()?.edit;
  if (!edit) return;
  submit(edit);
  chooseCamera(pickCamera.peek());
}

function setPicks(next: readonly PickMessage[]): void {
  picks.value = next;
  void solve();
}

async function solve(): Promise<void> {
  const asked = picks.peek();
  const camera = pickCamera.peek();
  try {
    const found = await solvePicks(recordingName.peek(), camera, asked);
    if (picks.peek() === asked && pickCamera.peek() === camera) solution.value = found;
  } catch (error) {
    solution.value = null;
    reportFailure(messageOf(error));
  }
}

async function sendPreview(camera: string, shown: readonly PickMessage[], turn: Vec3 | null): Promise<void> {
  try {
    showPreview(await previewRig(recordingName.peek(), frame.peek(), camera, { picks: shown, turn }));
  } catch (error) {
    reportFailure(messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

let previewed = false;

/** The preview follows the solution, or the drift where there is none, the frame and the rig. */
effect(() => {
  frame.value;
  rigNumber.value;
  const solved = Boolean(solution.value?.edit);
  const drift = drifts.value.get(pickCamera.value);
  const turn = !solved && drift?.edit ? (drift.turn_rad ?? null) : null;
  const wanted = tool.value === "calibrate" && previewShown.value && (solved || turn !== null);
  if (pickCamera.value === "" || (!wanted && !previewed)) return;
  previewed = wanted;
  void sendPreview(pickCamera.peek(), wanted && solved ? picks.peek() : [], wanted ? turn : null);
});

/** The first camera is chosen when the tool is taken up. */
effect(() => {
  const first = recording.value?.cameras[0]?.name;
  if (tool.value === "calibrate" && pickCamera.peek() === "" && first !== undefined) chooseCamera(first);
});
