/** The changes a user makes to the selected object in this frame, each sent as one edit and shown at once. */

import { batch } from "@preact/signals";
import type { Anchor, Edit, Vec3 } from "../api/types";
import { moved, resized, turned, type Cuboid } from "../geometry/cuboid";
import { newId } from "../workbench/identity";
import { inform } from "../workbench/notices";
import { placement, shownCuboid, showPreview, type Placement } from "../workbench/pose";
import { tracks } from "../workbench/recording";
import { cutBefore } from "../workbench/scope";
import { select } from "../workbench/choosing";
import { selectedId, wholeTrajectory } from "../workbench/selection";
import { submit } from "./queue";

type Shown = { readonly place: Placement; readonly cuboid: Cuboid };

/** A hand's finished change: what it leads to, and the edit that says so. */
export type Change =
  | { readonly kind: "move"; readonly offset: Vec3 }
  | { readonly kind: "rotate"; readonly rotation: Vec3; readonly whole?: boolean }
  | { readonly kind: "resize"; readonly size: Vec3; readonly anchor: Anchor };

export function changed(cuboid: Cuboid, change: Change): Cuboid {
  if (change.kind === "move") return moved(cuboid, change.offset);
  if (change.kind === "rotate") return turned(cuboid, change.rotation);
  return resized(cuboid, change.size, change.anchor);
}

/** Send a change of the cuboid as it is shown now. */
export function make(change: Change): void {
  withShown(({ place, cuboid }) => commit(place, cuboid, change));
}

/** Send a change of a cuboid as it was when the hand began. */
export function commit(place: Placement, before: Cuboid, change: Change): void {
  batch(() => {
    showPreview(place, changed(before, change));
    submit(editOf(place, change));
  });
}

function editOf(place: Placement, change: Change): Edit {
  const at = { track_id: place.trackId, time_ns: place.timeNs };
  const whole = wholeTrajectory.peek();
  if (change.kind === "move") return { kind: "move", ...at, offset_m: change.offset, whole };
  if (change.kind === "resize")
    return { kind: "resize", track_id: place.trackId, size_m: change.size, anchor: change.anchor };
  return { kind: "rotate", ...at, rotation_rad: change.rotation, whole: change.whole ?? whole };
}

function withShown(act: (shown: Shown) => void): void {
  const [place, cuboid] = [placement.peek(), shownCuboid.peek()];
  if (place && cuboid) act({ place, cuboid });
}

/** Turn the heading round: front becomes rear, in all frames. */
export function flipHeading(): void {
  make({ kind: "rotate", rotation: [0, 0, Math.PI], whole: true });
}

/** Say that the cuboid is right as it is here: machines will not move it any more. */
export function pinPose(): void {
  withShown(({ place, cuboid }) => {
    const { position: position_m, rotation: rotation_wxyz } = cuboid;
    const knot = { time_ns: place.timeNs, position_m, rotation_wxyz, maker: "human" } as const;
    submit({ kind: "set_knot", track_id: place.trackId, knot });
  });
}

export function removeKnot(): void {
  withShown(({ place }) => submit({ kind: "remove_knot", track_id: place.trackId, time_ns: place.timeNs }));
}

export function splitHere(): void {
  withShown(({ place }) => {
    submit({ kind: "split", track_id: place.trackId, time_ns: cutBefore(place.timeNs), new_id: newId() });
    inform("Split: from this frame on it is an object of its own");
  });
}

export function joinWith(otherId: string): void {
  withShown(({ place }) => submit({ kind: "join", track_id: place.trackId, other_id: otherId }));
}

export function swapWith(otherId: string): void {
  withShown(({ place }) =>
    submit({ kind: "swap", track_id: place.trackId, other_id: otherId, time_ns: cutBefore(place.timeNs) }),
  );
}

export function deleteSelected(): void {
  const id = selectedId.peek();
  if (id === null || !tracks.peek().has(id)) return;
  submit({ kind: "delete_track", track_id: id });
  select(null);
}
