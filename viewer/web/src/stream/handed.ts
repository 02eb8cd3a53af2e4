/**
 * Which frames' sensor data Rerun holds, as far as we know. Its memory is limited, and it drops what came first: beyond
 * a budget of bytes the oldest count as fallen out, and are sent again when they are needed.
 */

const BUDGET_BYTES = 1_000_000_000;

export class HandedFrames {
  private readonly bytesOf = new Map<number, number>();
  private total = 0;

  has(frame: number): boolean {
    return this.bytesOf.has(frame);
  }

  list(): number[] {
    return [...this.bytesOf.keys()].sort((a, b) => a - b);
  }

  /** Note what was handed over; returns the frames that count as fallen out from now on. */
  add(frame: number, bytes: number): number[] {
    this.total += bytes;
    this.bytesOf.set(frame, (this.bytesOf.get(frame) ?? 0) + bytes);
    return this.shed(frame);
  }

  clear(): void {
    this.bytesOf.clear();
    this.total = 0;
  }

  private shed(keep: number): number[] {
    const fallen: number[] = [];
    for (const [frame, bytes] of this.bytesOf) {
      if (this.total <= BUDGET_BYTES) break;
      if (frame === keep) continue;
      this.bytesOf.delete(frame);
      this.total -= bytes;
      fallen.push(frame);
    }
    return fallen;
  }
}
