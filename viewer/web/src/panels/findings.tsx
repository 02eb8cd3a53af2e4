/** The findings panel: what is probably wrong, the worthiest first, and what to do about it. */

import type { JSX } from "preact";
import type { Finding } from "../api/types";
import {
  acceptFinding,
  currentFinding,
  findings,
  findingsAreOpen,
  found,
  keyOf,
  rejectFinding,
  repairFinding,
  showFinding,
  toggleFindings,
} from "../quality/findings";
import { shortId } from "../workbench/identity";
import { Button } from "./controls";

const MOST_SHOWN = 200;

export function FindingsPanel(): JSX.Element | null {
  if (!findingsAreOpen.value) return null;
  const current = currentFinding.value;
  return (
    <section class="findings-panel" aria-label="Findings" data-testid="findings-panel">
      <header>
        <span role="status" data-testid="findings-state" data-fresh={String(found.value?.fresh ?? false)}>
          {stateOf()}
        </span>
        <Button label="Close the findings" icon="close" onClick={toggleFindings} />
      </header>
      <ul>
        {findings.value.slice(0, MOST_SHOWN).map((each) => (
          <Line key={keyOf(each)} finding={each} current={each === current} />
        ))}
      </ul>
      {current && <Steps finding={current} />}
    </section>
  );
}

function stateOf(): string {
  const reply = found.value;
  if (reply?.failure) return reply.failure;
  const count = findings.value.length;
  const told = count === 0 ? "Nothing is found wrong" : `${count} ${count === 1 ? "finding" : "findings"}`;
  if (reply?.fresh) return told;
  return reply && count > 0 ? `${told} · checking…` : "Checking the labels…";
}

function Line({ finding, current }: { readonly finding: Finding; readonly current: boolean }): JSX.Element {
  const [first, last] = finding.frames.map((each) => each + 1);
  return (
    <li class={current ? "current" : ""} data-testid="finding" data-kind={finding.kind}>
      <button type="button" aria-current={current} onClick={() => showFinding(finding)}>
        <b class={finding.severity}>{finding.kind.replaceAll("_", " ")}</b>
        <span class="quiet">
          {finding.track_ids.map(shortId).join(", ") || "no track"} · {first === last ? first : `${first}–${last}`} ·{" "}
          {Math.round(100 * finding.chance)} %
        </span>
        <span>{finding.why}</span>
      </button>
    </li>
  );
}

function Steps({ finding }: { readonly finding: Finding }): JSX.Element {
  return (
    <footer>
      <Button
        label="Make the proposed repair, as edits that can be undone"
        tone="primary"
        testId="finding-repair"
        disabled={finding.repair.length === 0}
        onClick={repairFinding}
      >
        Repair
      </Button>
      <Button label="It is an error, and I see to it" testId="finding-accept" onClick={acceptFinding}>
        An error
      </Button>
      <Button label="It is no error: do not show it again" testId="finding-reject" onClick={rejectFinding}>
        No error
      </Button>
    </footer>
  );
}
