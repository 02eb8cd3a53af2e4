/** What a click in Rerun means: an object, or a place to put one. */

import type { Vec3 } from "../api/types";
import type { SelectedItem } from "./events";

const TRACK = /^\/?world\/tracks\/([^/]+)$/;
const CAMERA = /^\/?world\/cameras\/([^/]+)\//;
const OUTLINES = /^\/?world\/cameras\/([^/]+)\/outlines$/;

/** Owners of a camera's outlines in the frame on screen: instance k belongs to the k-th. */
export type OutlineOwners = Readonly<Record<string, readonly string[]>>;

export function pickedTrack(items: readonly SelectedItem[], owners: OutlineOwners): string | null {
  for (const item of items) {
    const found = trackOf(item) ?? ownerOf(item, owners);
    if (found !== null) return found;
  }
  return null;
}

export function pickedPlace(items: readonly SelectedItem[]): Vec3 | null {
  const [x, y, z] = items.find((item) => typeof item.position?.[2] === "number")?.position ?? [];
  return x === undefined || y === undefined || typeof z !== "number" ? null : [x, y, z];
}

/** A pixel of a photo, counted from the centre of its first pixel; Rerun counts from that pixel's corner. */
export function pickedPixel(items: readonly SelectedItem[]): { camera: string; pixel: [number, number] } | null {
  for (const item of items) {
    const camera = CAMERA.exec(item.entity_path ?? "")?.[1];
    if (camera === undefined || !item.position || typeof item.position[2] === "number") continue;
    return { camera: unescaped(camera), pixel: [item.position[0] - 0.5, item.position[1] - 0.5] };
  }
  return null;
}

/** Rerun writes unusual characters of a path with backslashes before them. */
function unescaped(part: string): string {
  return part.replace(/\\(.)/g, "$1");
}

function trackOf(item: SelectedItem): string | null {
  const part = TRACK.exec(item.entity_path ?? "")?.[1];
  return part === undefined ? null : unescaped(part);
}

function ownerOf(item: SelectedItem, owners: OutlineOwners): string | null {
  const camera = OUTLINES.exec(item.entity_path ?? "")?.[1];
  if (camera === undefined || item.instance_id === undefined) return null;
  return owners[unescaped(camera)]?.[item.instance_id] ?? null;
}
