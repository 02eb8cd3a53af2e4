/** The points around the selected object, as they are needed by the views. */

import { effect, signal } from "@preact/signals";
import { getCrop } from "../api/endpoints";
import type { Vec3 } from "../api/types";
import { distance, length } from "../geometry/vector";
import { recordingName } from "../workbench/recording";
import { frame } from "../workbench/selection";
import { VIEW_NAMES, VIEWS } from "./axes";
import { reachOf, viewFrame, type ViewFrame } from "./viewframe";

export interface Crop {
  readonly frame: number;
  readonly centre: Vec3;
  readonly radius: number;
  /** Rows of offset x, y, z from the centre along the world's axes, and a shade. */
  readonly rows: Float32Array;
}

export const ROW = 4;
const LARGEST_RADIUS_M = 60;
const SPARE = 1.25;

export const crop = signal<Crop | null>(null);

let asking: AbortController | null = null;
/** What was last asked for, whether or not it has come. */
let asked: Omit<Crop, "rows"> | null = null;

effect(() => {
  const view = viewFrame.value;
  if (!view) return clear();
  const wanted = { frame: frame.value, centre: view.position, radius: neededRadius(view) };
  if (asked && covers(asked, wanted)) return;
  asked = { ...wanted, radius: Math.min(LARGEST_RADIUS_M, wanted.radius * SPARE) };
  asking?.abort();
  asking = new AbortController();
  void fetchCrop(asked, asking.signal);
});

function clear(): void {
  asking?.abort();
  asked = null;
  crop.value = null;
}

/** At least the object and its surroundings; more where a view is zoomed out. */
function neededRadius(view: ViewFrame): number {
  const around = length(view.fitted) * 0.75 + 1;
  const seen = Math.max(...VIEW_NAMES.map((name) => reachOf(VIEWS[name])));
  return Math.min(LARGEST_RADIUS_M, Math.max(around, seen));
}

function covers(had: Omit<Crop, "rows">, wanted: Omit<Crop, "rows">): boolean {
  if (had.frame !== wanted.frame) return false;
  return distance(had.centre, wanted.centre) + wanted.radius <= had.radius + 1e-6;
}

async function fetchCrop(wanted: Omit<Crop, "rows">, aborted: AbortSignal): Promise<void> {
  try {
    const rows = await getCrop(recordingName.peek(), wanted.frame, wanted.centre, wanted.radius, aborted);
    if (!aborted.aborted) crop.value = { ...wanted, rows };
  } catch {
    if (asked === wanted) asked = null; // Asked again with the next move; the heartbeat tells of a dead server.
  }
}
