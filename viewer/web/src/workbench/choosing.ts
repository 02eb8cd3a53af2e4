/** Selecting an object, and going to where it can be seen. */

import type { Track } from "../api/types";
import { labelsOf } from "../stream/feed";
import { clock, frameCount, tracks } from "./recording";
import { frame, goTo, selectedId } from "./selection";

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
    for (const index of [from - step, from + step]) if (isPresent(track, index)) return index;
  }
  return null;
}

/** The labels know exactly; where they are not at hand, the track's presence says nearly the same. */
function isPresent(track: Track, index: number): boolean {
  if (index < 0 || index >= frameCount.peek()) return false;
  const labels = labelsOf(index);
  return labels ? labels.cuboids.has(track.id) : track.presence.some((span) => clock.peek().touches(span, index));
}
