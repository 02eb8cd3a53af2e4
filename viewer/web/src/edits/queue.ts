/**
 * The one road of changes to the server: in order, one at a time, until each is acknowledged. What the server does not
 * answer is sent again with the same key; what it refuses waits for the user's word.
 */

import { computed, signal } from "@preact/signals";
import { postEdit, postRedo, postUndo } from "../api/endpoints";
import { Refused } from "../api/client";
import type { ConflictReply, Edit, EditReply, TrackReply } from "../api/types";
import { newId } from "../workbench/identity";
import { inform, reportFailure } from "../workbench/notices";
import { project, recordingName, revision, takeReply, takeTracks, tracks } from "../workbench/recording";
import { Outbox, type QueuedAction } from "./outbox";
import { touchedBy } from "./touched";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3_000;
const CONFLICT = 409;
const UNAUTHORIZED = 401;
const SERVER_FAILURE = 500;

export interface Obstacle {
  readonly action: QueuedAction;
  readonly kind: "conflict" | "failure" | "token";
  readonly message: string;
  readonly tracks: readonly TrackReply[];
}

export const queued = signal<readonly QueuedAction[]>([]);
export const serverAnswers = signal(true);
/** What the server objected to: sending waits until the user has decided. */
export const obstacle = signal<Obstacle | null>(null);

export const saveState = computed<"saved" | "saving" | "unreachable">(() => {
  if (!serverAnswers.value) return "unreachable";
  return queued.value.length === 0 ? "saved" : "saving";
});

let outbox: Outbox | null = null;
let sending = false;

/** Take up the edits that an earlier page could not deliver. */
export function openQueue(): void {
  outbox = new Outbox(project.peek()?.name ?? "", recordingName.peek());
  queued.value = outbox.restore();
  if (queued.value.length > 0) inform(`${queued.value.length} unsaved edits of an earlier page are being sent`);
  void send();
}

export function submit(edit: Edit): void {
  const touched = touchedBy(edit);
  const expected = edit.kind === "create_track" ? {} : knownRevisions(touched);
  enqueue({ kind: "edit", edit, key: newId(), made: Date.now(), expected, touched });
}

export function submitUndo(): void {
  enqueue({ kind: "undo", key: newId(), made: Date.now(), expected: {}, touched: [] });
}

export function submitRedo(): void {
  enqueue({ kind: "redo", key: newId(), made: Date.now(), expected: {}, touched: [] });
}

function knownRevisions(ids: readonly string[]): Record<string, number> {
  const known = ids.map((id) => [id, tracks.peek().get(id)?.revision] as const);
  return Object.fromEntries(known.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

function enqueue(action: QueuedAction): void {
  outbox?.keep(action);
  queued.value = [...queued.peek(), action];
  void send();
}

async function send(): Promise<void> {
  if (sending) return;
  sending = true;
  let wait = FIRST_WAIT_MS;
  for (let next = nextAction(); next; next = nextAction()) {
    if (await attempt(next)) wait = FIRST_WAIT_MS;
    else wait = await waited(wait);
  }
  sending = false;
}

function nextAction(): QueuedAction | undefined {
  return obstacle.peek() ? undefined : queued.peek()[0];
}

/** True when the server answered, whatever it said. */
async function attempt(action: QueuedAction): Promise<boolean> {
  try {
    const reply = await post(action);
    serverAnswers.value = true;
    acknowledge(action, reply);
    return true;
  } catch (error) {
    serverAnswers.value = error instanceof Refused;
    if (error instanceof Refused) meetRefusal(action, error);
    return error instanceof Refused;
  }
}

function post(action: QueuedAction): Promise<EditReply> {
  const name = recordingName.peek();
  if (action.kind === "edit") return postEdit(name, action.key, { ...action.expected }, action.edit);
  return action.kind === "undo" ? postUndo(name, action.key) : postRedo(name, action.key);
}

async function waited(wait: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, wait));
  return Math.min(2 * wait, LONGEST_WAIT_MS);
}

function acknowledge(action: QueuedAction, reply: EditReply): void {
  takeReply(reply);
  remove([action]);
  const revisions = new Map(reply.tracks.map((entry) => [entry.id, entry.revision]));
  queued.value = queued.peek().map((later) => expecting(later, revisions));
}

/** Later edits were made on top of the one just acknowledged, so they expect what it led to. */
function expecting(action: QueuedAction, revisions: ReadonlyMap<string, number>): QueuedAction {
  const updated = action.touched.filter((id) => revisions.has(id));
  if (updated.length === 0 || action.kind !== "edit") return action;
  const news = Object.fromEntries(updated.map((id) => [id, revisions.get(id) ?? 0]));
  const renewed = { ...action, expected: { ...action.expected, ...news } };
  outbox?.keep(renewed);
  return renewed;
}

function remove(actions: readonly QueuedAction[]): void {
  for (const action of actions) outbox?.forget(action);
  const keys = new Set(actions.map((action) => action.key));
  queued.value = queued.peek().filter((action) => !keys.has(action.key));
}

function meetRefusal(action: QueuedAction, refused: Refused): void {
  const { message } = refused;
  if (refused.status === CONFLICT) {
    const now = (refused.body as ConflictReply).tracks ?? [];
    takeTracks(now, revision.peek());
    obstacle.value = { action, kind: "conflict", message, tracks: now };
  } else if (refused.status === UNAUTHORIZED) {
    obstacle.value = { action, kind: "token", message, tracks: [] };
  } else if (refused.status >= SERVER_FAILURE) {
    obstacle.value = { action, kind: "failure", message, tracks: [] };
  } else {
    remove([action]);
    reportFailure(`Not done: ${message}`);
  }
}

/** The refused action and the later ones that were made on top of it. */
export function blockedBy(met: Obstacle): readonly QueuedAction[] {
  const ids = new Set(met.action.touched);
  return queued.value.filter((action) => action === met.action || action.touched.some((id) => ids.has(id)));
}

/** Send it once more; after a conflict, on top of what the tracks have become. */
export function tryAgain(): void {
  const met = obstacle.peek();
  if (!met) return;
  const revisions = new Map(met.tracks.map((entry) => [entry.id, entry.revision]));
  queued.value = queued.peek().map((action) => expecting(action, revisions));
  obstacle.value = null;
  void send();
}

export function dropBlocked(): void {
  const met = obstacle.peek();
  if (!met) return;
  remove(blockedBy(met));
  obstacle.value = null;
  void send();
}
