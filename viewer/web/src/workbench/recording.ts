/** What the page knows about the project and the open recording. Only replies of the server change it. */

import { batch, computed, signal } from "@preact/signals";
import type { EditReply, ObjectClass, Project, Recording, Track, TrackReply } from "../api/types";
import { Clock } from "../time/clock";

export interface KnownTrack {
  readonly revision: number;
  readonly track: Track;
}

export const project = signal<Project | null>(null);
export const recording = signal<Recording | null>(null);
export const tracks = signal<ReadonlyMap<string, KnownTrack>>(new Map());
export const revision = signal(0);
/** Which version of the rig is in force; when it changes, everything that Rerun was given is out of date. */
export const rigNumber = signal(0);
export const canUndo = signal(false);
export const canRedo = signal(false);

export const recordingName = computed(() => recording.value?.name ?? "");
export const clock = computed(() => new Clock(recording.value?.frames ?? []));
export const frameCount = computed(() => recording.value?.frames.length ?? 0);

export const classes = computed<ReadonlyMap<string, ObjectClass>>(
  () => new Map(project.value?.ontology.classes.map((entry) => [entry.name, entry])),
);

type TracksListener = (ids: readonly string[], revision: number) => void;
const listeners = new Set<TracksListener>();

/** Hear which tracks became different, and at which revision of the recording. */
export function onTracksChanged(listener: TracksListener): void {
  listeners.add(listener);
}

export function openRecording(opened: Recording): void {
  batch(() => {
    recording.value = opened;
    tracks.value = new Map();
    takeTracks(opened.tracks, opened.revision);
    canUndo.value = opened.can_undo;
    canRedo.value = opened.can_redo;
    rigNumber.value = opened.rig_number;
  });
}

export function takeReply(reply: EditReply): void {
  batch(() => {
    takeTracks(reply.tracks, reply.revision);
    canUndo.value = reply.can_undo;
    canRedo.value = reply.can_redo;
    rigNumber.value = reply.rig_number;
  });
}

/** The recording as the server has it now; tracks that it no longer names are gone. */
export function takeRefresh(fresh: Recording): void {
  const named = new Set(fresh.tracks.map((reply) => reply.id));
  const gone = [...tracks.peek().keys()].filter((id) => !named.has(id));
  const deleted = gone.map((id): TrackReply => ({ id, revision: fresh.revision, track: null }));
  const changed = fresh.tracks.filter((reply) => tracks.peek().get(reply.id)?.revision !== reply.revision);
  takeReply({ ...fresh, sequence: 0, tracks: [...changed, ...deleted] });
}

export function takeTracks(replies: readonly TrackReply[], newRevision: number): void {
  const known = new Map(tracks.peek());
  for (const reply of replies) {
    if (reply.track) known.set(reply.id, { revision: reply.revision, track: reply.track });
    else known.delete(reply.id);
  }
  batch(() => {
    tracks.value = known;
    revision.value = Math.max(revision.peek(), newRevision);
    const ids = replies.map((reply) => reply.id);
    for (const listener of listeners) listener(ids, newRevision);
  });
}

export function colorOf(className: string): string {
  const rgb = classes.value.get(className)?.color_rgb ?? [150, 160, 170];
  return `rgb(${rgb.join(" ")})`;
}
