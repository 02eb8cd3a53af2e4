/** Fits that the server proposes: a cuboid to its points in this frame, and a track to all frames. */

import { effect, signal } from "@preact/signals";
import { refitCuboid, solveTrack } from "../api/endpoints";
import type { FitReply } from "../api/types";
import { inform, reportFailure } from "../workbench/notices";
import { recordingName, tracks } from "../workbench/recording";
import { frame, goTo, selectedId } from "../workbench/selection";
import { queued, submit } from "./queue";

/** What is being worked out; null when nothing is. */
export const fittingNow = signal<"refit" | "solve" | null>(null);
/** The frame that the solver would look at next, of the track it last solved. */
export const suggestion = signal<{ readonly trackId: string; readonly frame: number } | null>(null);

const UNSURE = 0.5;

/** Fit the selected cuboid to the points of this frame. */
export async function refitSelected(): Promise<void> {
  const reply = await asked("refit", (name, id) => refitCuboid(name, id, frame.peek()));
  if (!reply) return;
  const percent = Math.round(100 * reply.confidence);
  inform(reply.confidence < UNSURE ? `Fitted, but only ${percent} % sure: have a look` : `Fitted, ${percent} % sure`);
}

/** Find the selected track in all frames from the poses that people set. */
export async function solveSelected(): Promise<void> {
  const id = selectedId.peek();
  const reply = await asked("solve", solveTrack);
  if (!reply || id === null) return;
  const next = reply.suggested_frame ?? null;
  suggestion.value = next === null || reply.stands ? null : { trackId: id, frame: next };
  inform(reply.stands ? "Solved: it stands, one pose is all of it" : `Solved: frame ${(next ?? 0) + 1} is worth a look next`);
}

/** Go to the frame that is worth a look. */
export function goToSuggestion(): void {
  const found = suggestion.peek();
  if (found && found.trackId === selectedId.peek()) goTo(found.frame);
  else inform("Solve the track first: then it is known where to look");
}

type Ask = (name: string, trackId: string) => Promise<FitReply>;

async function asked(what: "refit" | "solve", ask: Ask): Promise<FitReply | null> {
  const id = selectedId.peek();
  if (id === null || fittingNow.peek()) return null;
  fittingNow.value = what;
  try {
    await allSent();
    const reply = await ask(recordingName.peek(), id);
    if (tracks.peek().get(id)?.revision !== reply.revision) inform("It was changed meanwhile: ask again");
    else if (reply.edit) submit(reply.edit);
    return reply;
  } catch (error) {
    reportFailure(`Not fitted: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  } finally {
    fittingNow.value = null;
  }
}

/** The server fits what it knows, so it must know everything first. */
function allSent(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (queued.value.length > 0) return;
      queueMicrotask(() => {
        stop();
        resolve();
      });
    });
  });
}
