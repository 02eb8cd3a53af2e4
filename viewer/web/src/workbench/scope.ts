/** The stretch of time that presence and state buttons act on, seen from the current frame. */

import { signal } from "@preact/signals";
import type { Nanoseconds } from "../api/types";
import type { Span } from "../time/clock";
import { labelsOf } from "../stream/feed";
import { placement } from "./pose";
import { clock, frameCount } from "./recording";
import { frame, selectedId } from "./selection";

export type Scope = "frame" | "onward" | "before" | "all";

export const SCOPE_TITLES: Readonly<Record<Scope, string>> = {
  frame: "this frame",
  onward: "from here on",
  before: "up to here",
  all: "all frames",
};

export const scope = signal<Scope>("frame");

/**
 * Around the moments at which frames see the object, half a step to either side: an object may be seen at the very edge
 * of a frame, so the frame's own borders would cut too near.
 */
export function spanInScope(): Span {
  const moment = BigInt(placement.peek()?.timeNs ?? clock.peek().middleOf(frame.peek()));
  const half = clock.peek().halfStepAt(frame.peek());
  const all = clock.peek().span(0, Math.max(0, frameCount.peek() - 1));
  const here = { start_ns: String(moment - half), end_ns: String(moment + half - 1n) };
  const wanted = scope.peek();
  return {
    start_ns: wanted === "frame" || wanted === "onward" ? here.start_ns : earlier(all.start_ns, here.start_ns),
    end_ns: wanted === "frame" || wanted === "before" ? here.end_ns : later(all.end_ns, here.end_ns),
  };
}

/**
 * The time that parts this frame from the one before: the border between them, unless the object was seen at the wrong
 * side of it.
 */
export function cutBefore(moment: Nanoseconds): Nanoseconds {
  const before = labelsOf(frame.peek() - 1)?.cuboids.get(selectedId.peek() ?? "")?.time_ns;
  const border = earlier(clock.peek().span(frame.peek(), frame.peek()).start_ns, moment);
  return before === undefined ? border : later(border, String(BigInt(before) + 1n));
}

function earlier(a: Nanoseconds, b: Nanoseconds): Nanoseconds {
  return BigInt(a) < BigInt(b) ? a : b;
}

function later(a: Nanoseconds, b: Nanoseconds): Nanoseconds {
  return BigInt(a) > BigInt(b) ? a : b;
}
