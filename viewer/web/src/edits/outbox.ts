/**
 * Edits that the server has not yet acknowledged, as kept in the browser. They survive a reload, a crash and a lost
 * connection; each has a key, so sending one twice applies it once.
 */

import type { Edit } from "../api/types";

interface Sendable {
  readonly key: string;
  /** Orders edits made in one browser. */
  readonly made: number;
  /** Revisions of the touched tracks as the user saw them. */
  readonly expected: Readonly<Record<string, number>>;
  readonly touched: readonly string[];
}

export type QueuedAction =
  (Sendable & { readonly kind: "edit"; readonly edit: Edit }) | (Sendable & { readonly kind: "undo" | "redo" });

const PREFIX = "boxwright.outbox";

export class Outbox {
  private readonly prefix: string;

  constructor(project: string, recording: string) {
    this.prefix = `${PREFIX}/${encodeURIComponent(project)}/${encodeURIComponent(recording)}/`;
  }

  keep(action: QueuedAction): void {
    localStorage.setItem(this.prefix + action.key, JSON.stringify(action));
  }

  forget(action: QueuedAction): void {
    localStorage.removeItem(this.prefix + action.key);
  }

  restore(): QueuedAction[] {
    const kept = this.names().map((name) => JSON.parse(localStorage.getItem(name) ?? "null") as QueuedAction | null);
    return kept.filter((action) => action !== null).sort((a, b) => a.made - b.made);
  }

  private names(): string[] {
    const all = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
    return all.filter((name) => name.startsWith(this.prefix));
  }
}
