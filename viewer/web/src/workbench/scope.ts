/** The stretch of time that presence and state buttons act on, seen from the current frame. */

import { signal } from "@preact/signals";
import type { Span } from "../time/clock";
import { clock, frameCount } from "./recording";
import { frame } from "./selection";

export type Scope = "frame" | "onward" | "before" | "all";

export const SCOPE_TITLES: Readonly<Record<Scope, string>> = {
  frame: "this frame",
  onward: "from here on",
  before: "up to here",
  all: "all frames",
};

export const scope = signal<Scope>("frame");

export function spanInScope(): Span {
  const here = frame.peek();
  const last = Math.max(0, frameCount.peek() - 1);
  const spans: Readonly<Record<Scope, readonly [number, number]>> = {
    frame: [here, here],
    onward: [here, last],
    before: [0, here],
    all: [0, last],
  };
  return clock.peek().span(...spans[scope.peek()]);
}
