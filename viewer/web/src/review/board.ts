/** Tasks and comments of the open recording, and what a person does with them. */

import { computed, signal } from "@preact/signals";
import { getBoard, getPrecedents, getReport, postAct } from "../api/endpoints";
import type { Act, Board, Comment, Precedent, Task } from "../api/types";
import { queued } from "../edits/queue";
import { select } from "../workbench/choosing";
import { newId } from "../workbench/identity";
import { inform, reportFailure } from "../workbench/notices";
import { clock, recordingName } from "../workbench/recording";
import { frame, goTo, selectedId } from "../workbench/selection";

const PERIOD_MS = 4_000;

export const board = signal<Board | null>(null);
export const tasksAreOpen = signal(false);
export const chosenTaskId = signal<string | null>(null);
/** What is being written: a comment, the evidence of a dispute, or the reason of a decision. */
export const words = signal("");
export const rule = signal("");
/** What should be there instead, in a dispute. */
export const proposal = signal("");
export const precedents = signal<readonly Precedent[] | null>(null);

export const openComments = computed<readonly Comment[]>(
  () => board.value?.comments.filter((comment) => comment.resolved_by === "") ?? [],
);
export const commentCounts = computed<ReadonlyMap<string, number>>(() => {
  const counts = new Map<string, number>();
  for (const { pin } of openComments.value) counts.set(pin.track_id ?? "", (counts.get(pin.track_id ?? "") ?? 0) + 1);
  return counts;
});
/** The task that keys and fields are about: the one that was chosen, else the first that waits for this person. */
export const currentTask = computed<Task | null>(() => {
  const tasks = board.value?.tasks ?? [];
  const chosen = tasks.find((task) => task.id === chosenTaskId.value);
  return chosen ?? tasks.find((task) => task.may.length > 0) ?? tasks[0] ?? null;
});

export function startReview(): void {
  void look();
  setInterval(() => {
    if (!document.hidden && (tasksAreOpen.peek() || (board.peek()?.tasks.length ?? 0) > 0)) void look();
  }, PERIOD_MS);
}

/** A board that does not come is no obstacle: the heartbeat tells whether the server is there. */
async function look(): Promise<void> {
  const seen = await getBoard(recordingName.peek()).catch(() => null);
  if (seen && !same(seen, board.peek())) board.value = seen;
}

function same(a: Board, b: Board | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function chooseTask(task: Task): void {
  chosenTaskId.value = task.id;
  goTo(clock.peek().frameNear(task.start_ns));
}

export function showComment(comment: Comment): void {
  const { track_id: trackId, time_ns: time } = comment.pin;
  if (trackId) select(trackId);
  if (time) goTo(clock.peek().frameNear(time));
}

export function takeTask(task: Task): void {
  void send({ kind: "take", task_id: task.id }, "Taken");
}

export function submitTask(task: Task): void {
  if (queued.peek().length > 0) return inform("Some edits are not saved yet: submit when they are");
  void send({ kind: "submit", task_id: task.id }, "Submitted for review");
}

export function acceptTask(): void {
  const task = ready("accept");
  if (task) void send({ kind: "accept", task_id: task.id }, "Accepted");
}

export function requestChanges(): void {
  const task = ready("request_changes");
  const text = written("Say what is wrong, then request changes");
  if (!task || text === null) return;
  const comment = { comment_id: newId(), text, pin: pinned(), rule: rule.peek() };
  void send({ kind: "request_changes", task_id: task.id, ...comment }, "Changes requested");
}

export function addComment(): void {
  const text = written("Write the comment first");
  if (text === null) return;
  const about = { pin: pinned(), rule: rule.peek(), task_id: currentTask.peek()?.id ?? "" };
  void send({ kind: "add_comment", comment_id: newId(), text, ...about }, "Comment pinned");
}

export function resolve(comment: Comment): void {
  void send({ kind: "resolve_comment", comment_id: comment.id }, "Resolved");
}

/** A lead decides between what is labelled and what the one who escalates would have. */
export function escalate(): void {
  const task = ready("escalate");
  const evidence = written("Say what is to be seen, then escalate");
  const me = board.peek()?.me.name ?? "";
  if (!task || evidence === null) return;
  const other = [...task.annotators, ...task.reviewers].reverse().find((name) => name !== me) ?? me;
  const [mine, theirs] = [proposal.peek() || "mine", "as it is labelled"];
  const iLabelled = task.annotators.includes(me);
  const proposals = iLabelled
    ? ([{ by: me, text: theirs, edit: null }, { by: other, text: mine, edit: null }] as const)
    : ([{ by: other, text: theirs, edit: null }, { by: me, text: mine, edit: null }] as const);
  const about = { evidence, proposals: [...proposals] as [typeof proposals[0], typeof proposals[1]] };
  void send({ kind: "escalate", task_id: task.id, pin: pinned(), rule: rule.peek(), ...about }, "Escalated to a lead");
}

export function adjudicate(task: Task, chosen: 0 | 1): void {
  const text = written("Say why, then decide");
  if (text === null) return;
  void send({ kind: "adjudicate", task_id: task.id, chosen, text, rule: rule.peek() }, "Decided");
}

export function reopen(task: Task): void {
  const text = written("Say why, then reopen");
  if (text !== null) void send({ kind: "reopen", task_id: task.id, text }, "Reopened");
}

export async function searchPrecedents(): Promise<void> {
  try {
    precedents.value = await getPrecedents(words.peek(), rule.peek());
  } catch (error) {
    reportFailure(messageOf(error));
  }
}

/** In a page of its own, which has this page's policy: no scripts, nothing from outside. */
export async function openReport(): Promise<void> {
  try {
    const page = new Blob([await getReport()], { type: "text/html;charset=utf-8" });
    window.open(URL.createObjectURL(page), "_blank");
  } catch (error) {
    reportFailure(messageOf(error));
  }
}

function ready(kind: string): Task | null {
  const task = currentTask.peek();
  if (task?.may.includes(kind)) return task;
  inform(`There is no task here that you may ${kind.replace("_", " ")}`);
  return null;
}

function written(complaint: string): string | null {
  const text = words.peek().trim();
  if (text !== "") return text;
  tasksAreOpen.value = true;
  document.querySelector<HTMLInputElement>("[data-testid=task-words]")?.focus();
  inform(complaint);
  return null;
}

/** The selected track at the moment of the frame that is looked at. */
function pinned(): { track_id: string; time_ns: string } {
  return { track_id: selectedId.peek() ?? "", time_ns: String(clock.peek().middleOf(frame.peek())) };
}

async function send(act: Act, done: string): Promise<void> {
  try {
    board.value = await postAct(recordingName.peek(), newId(), act);
    if (act.kind !== "take" && act.kind !== "submit" && act.kind !== "resolve_comment") words.value = "";
    inform(done);
  } catch (error) {
    reportFailure(`Not done: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
