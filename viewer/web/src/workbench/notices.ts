/** Short messages at the foot of the page. Failures stay until they are read; the rest goes by itself. */

import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly kind: "info" | "failure";
  readonly text: string;
}

const INFO_STAYS_MS = 5_000;
const MOST = 4;

export const notices = signal<readonly Notice[]>([]);
let last = 0;

function add(kind: Notice["kind"], text: string): number {
  last += 1;
  const others = notices.peek().filter((notice) => notice.text !== text);
  notices.value = [...others, { id: last, kind, text }].slice(-MOST);
  return last;
}

export function inform(text: string): void {
  const id = add("info", text);
  setTimeout(() => dismiss(id), INFO_STAYS_MS);
}

export function reportFailure(text: string): void {
  add("failure", text);
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}
