/** The track list: what is shown of each track in this frame, searched and filtered. */

import { computed, signal } from "@preact/signals";
import type { PresenceKind, Track } from "../api/types";
import { distance } from "../geometry/vector";
import { currentLabels } from "./pose";
import { pointCounts } from "./points";
import { clock, tracks } from "./recording";
import { frame } from "./selection";

export interface TrackRow {
  readonly track: Track;
  readonly presence: PresenceKind;
  readonly distanceM: number | null;
  readonly points: number | null;
  /** States that hold in this frame, as "door open". */
  readonly states: readonly string[];
  readonly atKnot: boolean;
}

/** A track whose knots lie further apart than this has moved. */
const MOVED_M = 1;
const FAR_M = 1e9;

export const searched = signal("");
export const onlyClass = signal("");
export const onlyHere = signal(false);
export const onlyMoving = signal(false);

export type Order = "class" | "distance";
export const listOrder = signal<Order>("class");

export const listedTracks = computed<readonly TrackRow[]>(() => {
  const rows = [...tracks.value.values()].map(({ track }) => rowOf(track)).filter(isWanted);
  return rows.sort(listOrder.value === "class" ? byClass : byDistance);
});

/** An order that stays from frame to frame. */
function byClass(a: TrackRow, b: TrackRow): number {
  return a.track.class_name.localeCompare(b.track.class_name) || a.track.id.localeCompare(b.track.id);
}

/** Objects in this frame come first, the near before the far. */
function byDistance(a: TrackRow, b: TrackRow): number {
  return (a.distanceM ?? FAR_M) - (b.distanceM ?? FAR_M) || byClass(a, b);
}

function rowOf(track: Track): TrackRow {
  const labels = currentLabels.value;
  const cuboid = labels?.cuboids.get(track.id);
  const presence = labels ? (cuboid?.presence ?? "absent") : presenceOf(track);
  return {
    track,
    presence,
    distanceM: cuboid?.distance_m ?? null,
    points: pointCounts.value?.frame === frame.value ? (pointCounts.value.counts[track.id] ?? 0) : null,
    states: track.states.filter((state) => clock.value.touches(state, frame.value)).map((s) => `${s.name} ${s.value}`),
    atKnot: cuboid?.at_knot ?? false,
  };
}

function presenceOf(track: Track): PresenceKind {
  return track.presence.find((span) => clock.value.touches(span, frame.value))?.kind ?? "absent";
}

function isWanted(row: TrackRow): boolean {
  const { track } = row;
  const sought = searched.value.trim().toLowerCase();
  if (sought && !`${track.class_name} ${track.id} ${row.states.join(" ")}`.toLowerCase().includes(sought)) return false;
  if (onlyClass.value && track.class_name !== onlyClass.value) return false;
  if (onlyHere.value && row.presence === "absent") return false;
  return !onlyMoving.value || hasMoved(track);
}

function hasMoved(track: Track): boolean {
  const start = track.knots[0]?.position_m;
  return start !== undefined && track.knots.some((knot) => distance(knot.position_m, start) > MOVED_M);
}
