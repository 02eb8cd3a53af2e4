/** Which object is selected, which frame is looked at, and with which tool. */

import { computed, effect, signal } from "@preact/signals";
import { classes, frameCount, tracks } from "./recording";
import type { Track } from "../api/types";

export type Tool = "select" | "create" | "calibrate";

export const selectedId = signal<string | null>(null);
export const frame = signal(0);
export const playing = signal(false);
export const tool = signal<Tool>("select");
export const newClass = signal("");
/** Moves and rotations act on the whole trajectory. */
export const wholeTrajectory = signal(false);

export const selectedTrack = computed<Track | null>(() => {
  const id = selectedId.value;
  return id === null ? null : (tracks.value.get(id)?.track ?? null);
});

effect(() => {
  const first = classes.value.keys().next().value;
  if (!classes.value.has(newClass.peek()) && first !== undefined) newClass.value = first;
});

export function goTo(index: number): void {
  frame.value = Math.min(Math.max(0, Math.round(index)), Math.max(0, frameCount.peek() - 1));
}
