/** How many LiDAR points lie in each object of the frame on screen. */

import { effect, signal } from "@preact/signals";
import { getPointCounts } from "../api/endpoints";
import { shownFrame } from "../stream/feed";
import { recordingName, revision } from "./recording";
import { playing } from "./selection";

const REST_MS = 250;

export const pointCounts = signal<{ readonly frame: number; readonly counts: Record<string, number> } | null>(null);

let timer = 0;
let asking: AbortController | null = null;

/** Counting costs the server something: only once frame and labels have come to rest. */
effect(() => {
  const [index, plays] = [shownFrame.value, playing.value];
  revision.value;
  clearTimeout(timer);
  asking?.abort();
  if (index !== null && !plays) timer = window.setTimeout(() => void count(index), REST_MS);
});

async function count(index: number): Promise<void> {
  asking = new AbortController();
  const counts = await getPointCounts(recordingName.peek(), index, asking.signal).catch(() => null);
  if (counts) pointCounts.value = { frame: index, counts };
}
