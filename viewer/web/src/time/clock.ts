/** The recording's frames in time. All comparisons are made with BigInt: nanoseconds do not fit a number. */

import type { FrameTime, Nanoseconds } from "../api/types";

export interface Span {
  readonly start_ns: Nanoseconds;
  readonly end_ns: Nanoseconds;
}

const NS_PER_S = 1e9;

export class Clock {
  private readonly middles: readonly bigint[];
  private readonly first: bigint;

  constructor(frames: readonly FrameTime[]) {
    this.middles = frames.map((frame) => BigInt(frame.middle_ns));
    this.first = BigInt(frames[0]?.time_ns ?? "0");
    this.starts = frames.map((frame) => frame.time_ns);
  }

  private readonly starts: readonly Nanoseconds[];

  get count(): number {
    return this.middles.length;
  }

  /** Seconds since the first frame, for display. */
  secondsOf(time: Nanoseconds | bigint): number {
    return Number(BigInt(time) - this.first) / NS_PER_S;
  }

  secondsAt(frame: number): number {
    return this.secondsOf(this.starts[frame] ?? "0");
  }

  middleOf(frame: number): bigint {
    return this.middles[frame] ?? 0n;
  }

  /** The frame whose middle is nearest to a time. */
  frameNear(time: Nanoseconds): number {
    const sought = BigInt(time);
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.endOf(half) < sought) low = half + 1;
      else high = half;
    }
    return low;
  }

  /** Where on the line of frames a time lies: 2.5 is on the border between frames 2 and 3. */
  positionOf(time: Nanoseconds): number {
    const frame = this.frameNear(time);
    const [start, end] = [this.startOf(frame), this.endOf(frame)];
    const share = Number(BigInt(time) - start) / Math.max(1, Number(end - start));
    return frame + Math.min(1, Math.max(0, share));
  }

  /** The stretch of time from one frame to another, both included; frames meet halfway between their middles. */
  span(first: number, last: number): Span {
    return { start_ns: String(this.startOf(first)), end_ns: String(this.endOf(last)) };
  }

  /** Half of the time between two frames. */
  halfStepAt(frame: number): bigint {
    return this.halfStep(Math.min(frame, this.count - 2));
  }

  /** Whether a stretch of time touches a frame: each object has a moment of its own within the frame. */
  touches(span: Span, frame: number): boolean {
    return BigInt(span.start_ns) <= this.endOf(frame) && this.startOf(frame) <= BigInt(span.end_ns);
  }

  private startOf(frame: number): bigint {
    return frame > 0 ? this.endOf(frame - 1) + 1n : this.middleOf(0) - this.halfStep(0);
  }

  private endOf(frame: number): bigint {
    if (frame >= this.count - 1) return this.middleOf(frame) + this.halfStep(frame - 1);
    return (this.middleOf(frame) + this.middleOf(frame + 1)) / 2n;
  }

  private halfStep(frame: number): bigint {
    const step = this.middleOf(frame + 1) - this.middleOf(frame);
    return this.count > 1 && frame >= 0 ? step / 2n : 50_000_000n;
  }
}
