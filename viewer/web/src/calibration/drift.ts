/**
 * Whether cameras still sit where the rig says, measured by the server while people label: one camera after the other,
 * in the frames that are being edited, and on request.
 */

import { effect, signal } from "@preact/signals";
import { measureDrift } from "../api/endpoints";
import type { DriftReply } from "../api/types";
import { submit } from "../edits/queue";
import { inform, reportFailure } from "../workbench/notices";
import { recording, recordingName, revision, rigNumber } from "../workbench/recording";
import { frame } from "../workbench/selection";

/** So many frames with edits are worth a look at the next camera. */
const ENOUGH_FRAMES = 8;
const MOST_FRAMES = 12;

export const drifts = signal<ReadonlyMap<string, DriftReply>>(new Map());
/** The camera that is being measured. */
export const measuring = signal("");

let edited = new Set<number>();
let turn = 0;

/** In some frames; without any, all through the recording. */
export async function measure(camera: string, frames: readonly number[] = []): Promise<void> {
  if (measuring.peek() !== "" || camera === "") return;
  const [name, rig] = [recordingName.peek(), rigNumber.peek()];
  measuring.value = camera;
  try {
    const found = await measureDrift(name, camera, frames);
    if (name !== recordingName.peek() || rig !== rigNumber.peek()) return;
    drifts.value = new Map(drifts.peek()).set(camera, found);
    if (frames.length > 0 && (found.edit ?? found.state === "wrong time")) inform(`${camera}: ${found.line}`);
  } catch (error) {
    reportFailure(error instanceof Error ? error.message : String(error));
  } finally {
    measuring.value = "";
  }
}

export function adoptDrift(camera: string): void {
  const edit = drifts.peek().get(camera)?.edit;
  if (edit) submit(edit);
}

/** What was measured under another rig, or in another recording, says nothing any more. */
effect(() => {
  rigNumber.value;
  recordingName.value;
  drifts.value = new Map();
  edited = new Set();
});

/** Labels that come and go tell which frames people look at. */
let lastRevision = 0;
effect(() => {
  const now = revision.value;
  if (lastRevision > 0 && now > lastRevision) edited.add(frame.peek());
  lastRevision = now;
  const cameras = recording.peek()?.cameras ?? [];
  if (edited.size < ENOUGH_FRAMES || cameras.length === 0 || measuring.peek() !== "") return;
  const frames = [...edited].slice(-MOST_FRAMES);
  edited = new Set();
  turn = (turn + 1) % cameras.length;
  void measure(cameras[turn]?.name ?? "", frames);
});
