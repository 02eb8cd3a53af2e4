/** Which object is selected, which frame is looked at, and with which tool. */

import { computed, effect, signal } from "@preact/signals";
import { classes, clock, frameCount, tracks } from "./recording";
import type { Track } from "../api/types";

export type Tool = "select" | "create";

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

export function isPresent(track: Track, index: number): boolean {
  return track.presence.some((span) => clock.value.touches(span, index));
}

/** Select a track; if it is absent here, go to the nearest frame in which it is present. */
export function select(id: string | null): void {
  selectedId.value = id;
  const track = id === null ? undefined : tracks.peek().get(id)?.track;
  if (!track) return;
  const nearest = nearestPresent(track, frame.peek());
  if (nearest !== null) goTo(nearest);
}

function nearestPresent(track: Track, from: number): number | null {
  for (let step = 0; step < frameCount.peek(); step += 1) {
    if (from - step >= 0 && isPresent(track, from - step)) return from - step;
    if (from + step < frameCount.peek() && isPresent(track, from + step)) return from + step;
  }
  return null;
}
