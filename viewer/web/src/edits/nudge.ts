/** Runs of key presses: each shows at once, and a run of the same kind becomes one edit when the keys rest. */

import { batch } from "@preact/signals";
import type { Vec3 } from "../api/types";
import { add } from "../geometry/vector";
import type { Cuboid } from "../geometry/cuboid";
import { gestureRuns, placement, preview, shownCuboid, showPreview, type Placement } from "../workbench/pose";
import { changed, commit, type Change } from "./changes";

const REST_MS = 350;

interface Run {
  readonly place: Placement;
  readonly before: Cuboid;
  readonly kind: "move" | "rotate";
  readonly total: Vec3;
}

let run: Run | null = null;
let timer = 0;

export function nudge(kind: Run["kind"], step: Vec3): void {
  if (run && (run.kind !== kind || !isOf(run.place, placement.peek()))) flushNudge();
  run ??= begun(kind);
  if (!run) return;
  run = { ...run, total: add(run.total, step) };
  showPreview(run.place, changed(run.before, changeOf(run)));
  clearTimeout(timer);
  timer = window.setTimeout(flushNudge, REST_MS);
}

/** Send what the keys did so far; called before anything else is done. */
export function flushNudge(): void {
  const finished = run;
  batch(() => {
    end();
    if (finished) commit(finished.place, finished.before, changeOf(finished));
  });
}

/** Take back what was not sent yet. True if there was something. */
export function cancelNudge(): boolean {
  const running = run !== null;
  if (running) preview.value = null;
  end();
  return running;
}

function begun(kind: Run["kind"]): Run | null {
  const [place, before] = [placement.peek(), shownCuboid.peek()];
  if (!place || !before) return null;
  gestureRuns.value = true;
  return { kind, place, before, total: [0, 0, 0] };
}

function isOf(place: Placement, now: Placement | null): boolean {
  return place.frame === now?.frame && place.trackId === now.trackId;
}

function end(): void {
  clearTimeout(timer);
  run = null;
  gestureRuns.value = false;
}

function changeOf(finished: Run): Change {
  return finished.kind === "move"
    ? { kind: "move", offset: finished.total }
    : { kind: "rotate", rotation: finished.total };
}
