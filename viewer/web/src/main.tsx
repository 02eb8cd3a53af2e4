/** Opens the workbench: token, project, recording, and then everything at once. */

import { render } from "preact";
import { getProject, getRecording } from "./api/endpoints";
import { Refused, Unreachable } from "./api/client";
import { takeTokenFromAddress } from "./api/token";
import { offerDebugging } from "./debug";
import { startHeartbeat } from "./edits/heartbeat";
import { openQueue, queued } from "./edits/queue";
import { listenToKeys } from "./keys/listen";
import { releaseClickedButtons } from "./panels/controls";
import { CannotOpen, Workbench } from "./panels/workbench";
import { startReview } from "./review/board";
import { openRecording, project } from "./workbench/recording";

const UNAUTHORIZED = 401;

async function open(place: HTMLElement): Promise<void> {
  project.value = await getProject();
  const name = chosenRecording();
  if (name === undefined) throw new Error("The project has no recordings yet: import one with `boxwright import`.");
  openRecording(await getRecording(name));
  document.title = `${name} · Boxwright`;
  openQueue();
  startHeartbeat();
  startReview();
  listenToKeys();
  releaseClickedButtons();
  offerDebugging();
  window.addEventListener("beforeunload", (event) => {
    if (queued.peek().length > 0) event.preventDefault();
  });
  render(<Workbench />, place);
}

function chosenRecording(): string | undefined {
  const asked = new URL(window.location.href).searchParams.get("recording");
  const names = project.value?.recordings.map((entry) => entry.name) ?? [];
  return names.find((name) => name === asked) ?? names[0];
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused && error.status === UNAUTHORIZED)
    return "The server does not accept this page's token. Open the address that the server printed at its start.";
  if (error instanceof Unreachable) return "The server does not answer. Start it again, then reload this page.";
  return error instanceof Error ? error.message : String(error);
}

const place = document.getElementById("workbench");
if (place) {
  takeTokenFromAddress();
  open(place).catch((error: unknown) => render(<CannotOpen reason={reasonOf(error)} />, place));
}
