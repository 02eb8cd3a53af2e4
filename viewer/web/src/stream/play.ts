/** Playing: from frame to frame, at most so fast, and never ahead of the data. */

import { effect } from "@preact/signals";
import { frameCount } from "../workbench/recording";
import { frame, goTo, playing } from "../workbench/selection";
import { shownFrame } from "./feed";

const LEAST_STEP_MS = 120;

let settled: () => Promise<void> = () => Promise.resolve();

/** How to learn that Rerun has taken a frame in. */
export function playWith(whenSettled: () => Promise<void>): void {
  settled = whenSettled;
}

export function togglePlay(): void {
  playing.value = !playing.peek();
  if (playing.peek()) void play();
}

async function play(): Promise<void> {
  if (frame.peek() >= frameCount.peek() - 1) goTo(0);
  while (playing.peek() && frame.peek() < frameCount.peek() - 1) {
    const rest = new Promise((resolve) => setTimeout(resolve, LEAST_STEP_MS));
    const next = frame.peek() + 1;
    goTo(next);
    await shown(next);
    await Promise.all([settled(), rest]);
    if (frame.peek() !== next) break;
  }
  playing.value = false;
}

/** Resolves when the frame is on screen, or no longer wanted. */
function shown(index: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (shownFrame.value !== index && frame.value === index && playing.value) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
