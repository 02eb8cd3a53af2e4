/**
 * Which labels Rerun was given for each frame, and which tracks changed since. Labels are small and change with every
 * edit, so they are kept apart from the sensors' data, and only what changed is asked for again.
 */

import type { CuboidInFrame, FramePacket, PacketHeader } from "../api/types";

export interface FrameLabels {
  readonly revision: number;
  readonly cuboids: ReadonlyMap<string, CuboidInFrame>;
  readonly outlines: Readonly<Record<string, readonly string[]>>;
}

/** What one request for labels should ask for. */
export interface LabelsWanted {
  readonly first: number;
  readonly last: number;
  /** Only these tracks, where everything else is up to date; null for all. */
  readonly tracks: readonly string[] | null;
}

export class LabelsHeld {
  private readonly frames = new Map<number, FrameLabels>();
  /** For each frame, the tracks that are out of date and the revision that made them so. */
  private readonly stale = new Map<number, Map<string, number>>();

  get(frame: number): FrameLabels | null {
    return this.frames.get(frame) ?? null;
  }

  isFresh(frame: number): boolean {
    return this.frames.has(frame) && !this.stale.get(frame)?.size;
  }

  isFreshFor(frame: number, track: string): boolean {
    return this.frames.has(frame) && !this.stale.get(frame)?.has(track);
  }

  forget(frame: number): void {
    this.frames.delete(frame);
    this.stale.delete(frame);
  }

  clear(): void {
    this.frames.clear();
    this.stale.clear();
  }

  touch(tracks: readonly string[], revision: number): void {
    for (const frame of this.frames.keys()) {
      const stale = this.stale.get(frame) ?? new Map<string, number>();
      for (const track of tracks) stale.set(track, revision);
      this.stale.set(frame, stale);
    }
  }

  take(header: PacketHeader, asked: readonly string[] | null): void {
    for (const packet of header.frames) this.takeFrame(packet, header.revision, asked);
  }

  /** The next request for these frames: neighbours that lack the same kind of thing are asked for together. */
  wanted(frames: readonly number[]): LabelsWanted | null {
    const first = frames.find((frame) => !this.isFresh(frame));
    if (first === undefined) return null;
    const whole = !this.frames.has(first);
    let last = first;
    while (frames.includes(last + 1) && !this.isFresh(last + 1) && !this.frames.has(last + 1) === whole) last += 1;
    return { first, last, tracks: whole ? null : this.staleBetween(first, last) };
  }

  private staleBetween(first: number, last: number): string[] {
    const ids = new Set<string>();
    for (let frame = first; frame <= last; frame += 1) {
      for (const id of this.stale.get(frame)?.keys() ?? []) ids.add(id);
    }
    return [...ids];
  }

  private takeFrame(packet: FramePacket, revision: number, asked: readonly string[] | null): void {
    const before = asked ? this.frames.get(packet.frame)?.cuboids : undefined;
    const cuboids = new Map(before);
    for (const id of asked ?? []) cuboids.delete(id);
    for (const cuboid of packet.cuboids) cuboids.set(cuboid.track_id, cuboid);
    this.frames.set(packet.frame, { revision, cuboids, outlines: packet.outlines });
    this.settle(packet.frame, revision, asked);
  }

  /** What the packet brought is fresh again, unless it changed once more while the packet was on its way. */
  private settle(frame: number, revision: number, asked: readonly string[] | null): void {
    const stale = this.stale.get(frame);
    for (const [id, changedAt] of stale ?? []) {
      if (changedAt <= revision && (asked === null || asked.includes(id))) stale?.delete(id);
    }
  }
}
