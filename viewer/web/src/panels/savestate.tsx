/** Whether what you see is on the server's disk. It says "Saved" only when every edit was acknowledged. */

import type { JSX } from "preact";
import { obstacle, queued, saveState } from "../edits/queue";

export function SaveState(): JSX.Element {
  const state = saveState.value;
  return (
    <output class={`save-state ${state}`} data-testid="save-state" data-state={state} aria-live="polite">
      <span class="dot" aria-hidden="true" />
      {obstacle.value ? "Not saved – your decision is needed" : wordsFor(state, queued.value.length)}
    </output>
  );
}

function wordsFor(state: typeof saveState.value, waiting: number): string {
  if (state === "saved") return "Saved";
  if (state === "saving") return "Saving…";
  if (waiting === 0) return "Server unreachable – all edits are saved";
  return `Server unreachable – ${waiting} ${waiting === 1 ? "edit" : "edits"} kept here, retrying`;
}
