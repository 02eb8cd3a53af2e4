/** Ties Rerun's frame to the workbench: data in, clicks and keys out. */

import { effect, signal } from "@preact/signals";
import { getScene } from "../api/endpoints";
import { placeAt, placeAtPixel } from "../edits/placing";
import { actOnKey } from "../keys/listen";
import { claimedCombos } from "../keys/preset";
import { RerunHost } from "../rerun/host";
import type { SelectedItem } from "../rerun/events";
import type { PanelStates } from "../rerun/messages";
import { pickedPixel, pickedPlace, pickedTrack } from "../rerun/picking";
import { labelsOf, shownFrame, startFeed } from "../stream/feed";
import { playWith } from "../stream/play";
import { onPreview, takePick } from "../calibration/picks";
import { inform, reportFailure } from "./notices";
import { recordingName } from "./recording";
import { select } from "./choosing";
import { goTo, playing, tool } from "./selection";

const QUIET: PanelStates = { top: "hidden", blueprint: "hidden", selection: "hidden", time: "hidden" };
const OPEN: PanelStates = { top: "hidden", blueprint: "expanded", selection: "expanded", time: "collapsed" };

export const rerunIsReady = signal(false);
export const rerunPanelsShown = signal(false);

export function startRerun(element: HTMLIFrameElement): void {
  const host: RerunHost = new RerunHost(element, {
    onReady: () => void open(host),
    onSelection: (items) => pick(host, items),
    onScrub: scrub,
    onKey: actOnKey,
    onFailure: (message) => reportFailure(`Rerun did not start: ${message}`),
  });
}

async function open(host: RerunHost): Promise<void> {
  effect(() => host.claimKeys(claimedCombos.value));
  effect(() => host.setPanels(rerunPanelsShown.value ? OPEN : QUIET));
  try {
    await host.open(await getScene(recordingName.peek()));
  } catch (error) {
    reportFailure(`The scene cannot be shown: ${error instanceof Error ? error.message : String(error)}`);
  }
  rerunIsReady.value = true;
  onPreview((bytes) => void host.log(bytes));
  playWith(() => host.settled());
  startFeed(host);
  markWhenReady();
}

/** Browser tests wait for this mark: the first frame was handed to a viewer that is up. */
function markWhenReady(): void {
  effect(() => {
    if (shownFrame.value !== null) document.body.dataset["ready"] = "true";
  });
}

/** What is highlighted is drawn with the labels, so Rerun's own highlight is let go at once. */
function pick(host: RerunHost, items: readonly SelectedItem[]): void {
  if (items.length === 0) return;
  host.deselect();
  const place = pickedPlace(items);
  if (tool.peek() === "calibrate") return takePick(place, pickedPixel(items));
  const id = pickedTrack(items, labelsOf(shownFrame.peek() ?? 0)?.outlines ?? {});
  if (tool.peek() === "select" && id !== null) select(id);
  if (tool.peek() !== "create") return;
  const seen = pickedPixel(items);
  if (place) void placeAt(place);
  else if (seen) void placeAtPixel(seen);
  else inform("A new object needs a place: click on it in the cloud or in a photo");
}

function scrub(time: number): void {
  if (!playing.peek()) goTo(time);
}
