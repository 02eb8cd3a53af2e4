/** Where the selected object is in this frame: from the labels, from the server where it is absent, or under a hand. */

import { computed, effect, signal } from "@preact/signals";
import { getPose } from "../api/endpoints";
import type { Nanoseconds, PresenceKind } from "../api/types";
import type { Cuboid, Pose } from "../geometry/cuboid";
import { queued } from "../edits/queue";
import { labelsAreFresh, labelsOf, labelsVersion, shownFrame } from "../stream/feed";
import { recordingName, tracks } from "./recording";
import { frame, selectedId, selectedTrack } from "./selection";

export interface Placement extends Pose {
  readonly trackId: string;
  readonly frame: number;
  /** The moment at which this frame saw the object; edits made while looking at it use exactly this time. */
  readonly timeNs: Nanoseconds;
  readonly presence: PresenceKind;
  readonly atKnot: boolean;
  readonly maker: string | null;
}

interface Preview {
  readonly trackId: string;
  readonly frame: number;
  readonly cuboid: Cuboid;
}

interface AskedPlacement extends Placement {
  readonly revision: number;
}

/** A cuboid that a hand is changing, or changed and the server has not confirmed yet. */
export const preview = signal<Preview | null>(null);
/** A drag or a run of key presses is going on. */
export const gestureRuns = signal(false);

const asked = signal<AskedPlacement | null>(null);

export const currentLabels = computed(() => {
  labelsVersion.value;
  return labelsOf(frame.value);
});

const placementInLabels = computed<Placement | null>(() => {
  const cuboid = currentLabels.value?.cuboids.get(selectedId.value ?? "");
  return cuboid
    ? {
        trackId: cuboid.track_id,
        frame: frame.value,
        timeNs: cuboid.time_ns,
        position: cuboid.position_m,
        rotation: cuboid.rotation_wxyz,
        presence: cuboid.presence,
        atKnot: cuboid.at_knot,
        maker: cuboid.maker,
      }
    : null;
});

export const placement = computed<Placement | null>(() => {
  if (!selectedTrack.value) return null;
  const other = asked.value;
  const matches = other?.trackId === selectedId.value && other?.frame === frame.value;
  return placementInLabels.value ?? (matches ? other : null);
});

export const shownCuboid = computed<Cuboid | null>(() => {
  const [track, place, held] = [selectedTrack.value, placement.value, preview.value];
  if (!track || !place) return null;
  if (held && held.trackId === track.id && held.frame === frame.value) return held.cuboid;
  return { position: place.position, rotation: place.rotation, size: track.size_m };
});

export function showPreview(place: Placement, cuboid: Cuboid): void {
  preview.value = { trackId: place.trackId, frame: place.frame, cuboid };
}

effect(dropConfirmedPreview);
effect(askWhereAbsent);

/** A preview goes when nothing of its track waits to be saved and the frame's labels are those of after the edit. */
function dropConfirmedPreview(): void {
  const held = preview.value;
  const waits = queued.value.some((action) => action.touched.includes(held?.trackId ?? ""));
  const settled = labelsVersion.value >= 0 && confirmed(held);
  if (held && !gestureRuns.value && !waits && settled) preview.value = null;
}

function confirmed(held: Preview | null): boolean {
  if (!held || held.frame !== frame.value || held.trackId !== selectedId.value) return true;
  if (!labelsAreFresh(held.frame, held.trackId)) return false;
  if (placementInLabels.value) return true;
  return asked.value?.revision === tracks.value.get(held.trackId)?.revision;
}

let asking: AbortController | null = null;

function askWhereAbsent(): void {
  const [id, index] = [selectedId.value, shownFrame.value];
  const known = tracks.value.get(id ?? "");
  asking?.abort();
  if (id === null || !known || index === null || index !== frame.value || placementInLabels.value) return;
  asking = new AbortController();
  void ask(id, index, known.revision, asking.signal);
}

async function ask(id: string, index: number, revision: number, aborted: AbortSignal): Promise<void> {
  try {
    const pose = await getPose(recordingName.peek(), index, id, aborted);
    const knot = tracks
      .peek()
      .get(id)
      ?.track.knots.find((entry) => entry.time_ns === pose.time_ns);
    asked.value = {
      trackId: id,
      frame: index,
      revision,
      timeNs: pose.time_ns,
      position: pose.position_m,
      rotation: pose.rotation_wxyz,
      presence: pose.presence,
      atKnot: knot !== undefined,
      maker: knot?.maker ?? null,
    };
  } catch {
    asked.value = null; // The heartbeat says when the server is gone; the next frame or edit asks again.
  }
}
