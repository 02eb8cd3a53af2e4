/** What checks find wrong while people label: asked for while the list is open, never waited for. */

import { computed, signal } from "@preact/signals";
import { getFindings, postVerdict } from "../api/endpoints";
import type { Finding, FindingsReply } from "../api/types";
import { queued, submit } from "../edits/queue";
import { select } from "../workbench/choosing";
import { newId } from "../workbench/identity";
import { inform, reportFailure } from "../workbench/notices";
import { recordingName } from "../workbench/recording";
import { goTo } from "../workbench/selection";

const BUSY_PERIOD_MS = 1_500;
const PERIOD_MS = 4_000;

export const findingsAreOpen = signal(false);
export const found = signal<FindingsReply | null>(null);
const chosenKey = signal<string | null>(null);

export const findings = computed<readonly Finding[]>(() => found.value?.findings ?? []);
export const currentFinding = computed<Finding | null>(
  () => findings.value.find((each) => keyOf(each) === chosenKey.value) ?? null,
);

export function keyOf({ kind, track_ids: tracks, frames }: Finding): string {
  return `${kind} ${tracks.join(" ")} ${frames[0]}`;
}

let asking = 0;

export function toggleFindings(): void {
  findingsAreOpen.value = !findingsAreOpen.peek();
  if (findingsAreOpen.peek()) void follow(++asking);
}

/** Until the list is closed, or opened anew. */
async function follow(turn: number): Promise<void> {
  while (turn === asking && findingsAreOpen.peek()) {
    if (!document.hidden) {
      const seen = await getFindings(recordingName.peek()).catch(() => null);
      if (seen && turn === asking) found.value = seen;
    }
    const wait = found.peek()?.fresh ? PERIOD_MS : BUSY_PERIOD_MS;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Go where it is: its first track at the first frame that is wrong. */
export function showFinding(finding: Finding): void {
  chosenKey.value = keyOf(finding);
  select(finding.track_ids[0] ?? null);
  goTo(finding.frames[0]);
}

export function stepFinding(step: 1 | -1): void {
  if (!findingsAreOpen.peek()) toggleFindings();
  const list = findings.peek();
  if (list.length === 0) return inform(found.peek()?.fresh ? "Nothing is found wrong" : "The labels are being checked");
  const now = list.findIndex((each) => keyOf(each) === chosenKey.peek());
  const next = list[now < 0 ? 0 : (now + step + list.length) % list.length];
  if (next) showFinding(next);
}

/** Its repair as ordinary edits, each undone like any other. */
export function repairFinding(): void {
  const finding = currentFinding.peek();
  if (!finding) return inform("Choose a finding first");
  if (finding.repair.length === 0) return inform("No honest repair is known: repair it by hand, or reject the finding");
  for (const edit of finding.repair) submit(edit);
  void judge(finding, true);
}

export function acceptFinding(): void {
  const finding = currentFinding.peek();
  if (finding) void judge(finding, true);
}

export function rejectFinding(): void {
  const finding = currentFinding.peek();
  if (finding) void judge(finding, false);
  else inform("Choose a finding first");
}

async function judge(finding: Finding, accepted: boolean): Promise<void> {
  const list = findings.peek();
  const index = list.findIndex((each) => keyOf(each) === keyOf(finding));
  const following = list[index + 1] ?? list[0];
  const verdict = { finding: finding.kind, track_ids: finding.track_ids, frames: finding.frames, accepted };
  try {
    found.value = await postVerdict(recordingName.peek(), newId(), verdict);
    if (following && queued.peek().length === 0) showFinding(following);
  } catch (error) {
    reportFailure(error instanceof Error ? error.message : String(error));
  }
}
