/** Making a new object where the user pointed. */

import { effect } from "@preact/signals";
import { placeObject } from "../api/endpoints";
import type { Vec3 } from "../api/types";
import { reportFailure } from "../workbench/notices";
import { recordingName, tracks } from "../workbench/recording";
import { select } from "../workbench/choosing";
import { frame, newClass, tool } from "../workbench/selection";
import { submit } from "./queue";

/** Ask the server for a suggestion that stands on the ground, store it, and select it once it exists. */
export async function placeAt(position: Vec3): Promise<void> {
  tool.value = "select";
  try {
    const { track } = await placeObject(recordingName.peek(), frame.peek(), position, newClass.peek());
    submit({ kind: "create_track", track });
    selectOnceKnown(track.id);
  } catch (error) {
    reportFailure(`No object was made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function selectOnceKnown(id: string): void {
  const stop = effect(() => {
    if (!tracks.value.has(id)) return;
    queueMicrotask(() => {
      stop();
      select(id);
    });
  });
}
