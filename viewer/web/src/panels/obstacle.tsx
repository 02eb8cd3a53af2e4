/** What to do with an edit that the server did not take: the user decides, and nothing is lost unseen. */

import type { JSX } from "preact";
import { blockedBy, dropBlocked, obstacle, tryAgain, type Obstacle } from "../edits/queue";
import { shortId } from "../workbench/identity";
import { Button } from "./controls";

const TITLES: Readonly<Record<Obstacle["kind"], string>> = {
  conflict: "Somebody else changed this object",
  failure: "The server failed on this edit",
  token: "The server no longer accepts this page's token",
};

const REASSURANCES: Readonly<Record<Obstacle["kind"], string>> = {
  conflict: "The page now shows the object as it is on the server. Your edit was not stored; it is kept here.",
  failure: "Your edit was not stored; it is kept here.",
  token:
    "Open the address that the server printed at its start, in this browser: your edits are kept and will be sent.",
};

export function ObstacleDialog(): JSX.Element | null {
  const met = obstacle.value;
  if (!met) return null;
  const blocked = blockedBy(met);
  return (
    <div class="veil">
      <section class="dialog" role="alertdialog" aria-label={TITLES[met.kind]} data-testid="conflict">
        <h2>{TITLES[met.kind]}</h2>
        <p class="message">{met.message}</p>
        <p class="quiet">{REASSURANCES[met.kind]}</p>
        <p class="quiet">{blocked.map(describe).join(", ")}</p>
        <footer>
          <Button label="Drop" onClick={dropBlocked} testId="conflict-drop">
            {blocked.length === 1 ? "Drop my edit" : `Drop my ${blocked.length} edits`}
          </Button>
          <Button label="Again" tone="primary" onClick={tryAgain} testId="conflict-redo">
            {met.kind === "conflict" ? "Do it on top" : "Try again"}
          </Button>
        </footer>
      </section>
    </div>
  );
}

function describe(action: ReturnType<typeof blockedBy>[number]): string {
  if (action.kind !== "edit") return action.kind;
  return `${action.edit.kind.replaceAll("_", " ")} ${action.touched.map(shortId).join(", ")}`;
}
