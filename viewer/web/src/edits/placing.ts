/** Making a new object where the user pointed: fitted to what stands there, and followed through the frames. */

import { effect, signal } from "@preact/signals";
import { placeInPhoto, placeObject } from "../api/endpoints";
import type { PlaceReply, Vec3 } from "../api/types";
import { inform, reportFailure } from "../workbench/notices";
import { recordingName, tracks } from "../workbench/recording";
import { select } from "../workbench/choosing";
import { frame, newClass, tool } from "../workbench/selection";
import { suggestion } from "./fitting";
import { submit } from "./queue";

/** Whether the server is looking at what was clicked. */
export const placing = signal(false);

/** Where nothing stands a cuboid of the class's default size is made. */
export function placeAt(position: Vec3): Promise<void> {
  return placed(() => placeObject(recordingName.peek(), frame.peek(), position, newClass.peek()));
}

export function placeAtPixel(seen: { readonly camera: string; readonly pixel: [number, number] }): Promise<void> {
  return placed(() => placeInPhoto(recordingName.peek(), frame.peek(), seen, newClass.peek()));
}

async function placed(ask: () => Promise<PlaceReply>): Promise<void> {
  if (placing.peek()) return;
  tool.value = "select";
  placing.value = true;
  try {
    take(await ask());
  } catch (error) {
    reportFailure(`No object was made: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    placing.value = false;
  }
}

/** Store it, and select it once it exists. */
function take(reply: PlaceReply): void {
  if (reply.known) {
    inform("This is labelled already");
    return select(reply.known);
  }
  const { track } = reply;
  if (!track) return;
  submit({ kind: "create_track", track });
  selectOnceKnown(track.id);
  if (!reply.grown) return inform("Nothing stands there: a cuboid of the usual size");
  const next = reply.suggested_frame ?? null;
  suggestion.value = next === null || reply.stands ? null : { trackId: track.id, frame: next };
  const worth = reply.stands ? "it stands, one pose is all of it" : `frame ${(next ?? 0) + 1} is worth a look`;
  inform(`Fitted and followed through all frames: ${worth}`);
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
