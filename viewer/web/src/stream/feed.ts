/**
 * Feeds Rerun with frames around the current time: the current frame first, then labels that an edit made stale, then
 * the frames ahead. Nothing is kept here: bytes pass through to Rerun and are gone.
 */

import { effect, signal } from "@preact/signals";
import { Refused } from "../api/client";
import { getLabels, getSensors } from "../api/endpoints";
import { noticeRevision } from "../edits/refresh";
import type { RerunHost } from "../rerun/host";
import { reportFailure } from "../workbench/notices";
import { frameCount, onTracksChanged, recordingName, revision, rigNumber } from "../workbench/recording";
import { frame, selectedId } from "../workbench/selection";
import { HandedFrames } from "./handed";
import { LabelsHeld, type FrameLabels, type LabelsWanted } from "./labels";

const BEHIND = 2;
const AHEAD = 6;
const MOST_AT_ONCE = 2;
const RETRY_MS = 1_000;
const RETRY_REFUSED_MS = 10_000;

type Job =
  | { readonly kind: "sensors"; readonly first: number; readonly last: number }
  | ({ readonly kind: "labels" } & LabelsWanted);

/** The frame that Rerun shows, with its data: it follows the current frame as soon as that was handed over. */
export const shownFrame = signal<number | null>(null);
/** Counts every change of the labels held; read it to be told of them. */
export const labelsVersion = signal(0);

const handed = new HandedFrames();
const held = new LabelsHeld();
const running = new Map<Job, AbortController>();
let host: RerunHost | null = null;
/** How many parcels Rerun was given and has not painted yet. */
let beingTaken = 0;

export function startFeed(rerun: RerunHost): void {
  host = rerun;
  onTracksChanged(markStale);
  effect(() => {
    frame.value;
    schedule();
  });
  let rig = rigNumber.peek();
  effect(() => {
    if (rig === rigNumber.value) return;
    rig = rigNumber.peek();
    sendAllAgain();
  });
  let highlighted = selectedId.peek();
  effect(() => {
    markStale(idsOf(highlighted, selectedId.value), revision.peek());
    highlighted = selectedId.peek();
  });
}

/** Under another rig sensors see and stand elsewhere: frames and labels are handed over anew, over the old ones. */
function sendAllAgain(): void {
  for (const controller of running.values()) controller.abort();
  running.clear();
  handed.clear();
  held.clear();
  shownFrame.value = null;
  labelsVersion.value = labelsVersion.peek() + 1;
  schedule();
}

function markStale(ids: readonly string[], since: number): void {
  if (ids.length === 0) return;
  held.touch(ids, since);
  labelsVersion.value = labelsVersion.peek() + 1;
  schedule();
}

function idsOf(before: string | null, now: string | null): string[] {
  return before === now ? [] : [before, now].filter((id) => id !== null);
}

export function labelsOf(index: number): FrameLabels | null {
  return held.get(index);
}

export function labelsAreFresh(index: number, track: string): boolean {
  return held.isFreshFor(index, track);
}

export function handedFrames(): number[] {
  return handed.list();
}

export function schedule(): void {
  if (!host || frameCount.peek() === 0) return;
  abandonFarJobs();
  for (let job = nextJob(); job; job = nextJob()) void run(job);
  showIfHanded();
}

function showIfHanded(): void {
  const current = frame.peek();
  if (shownFrame.peek() === current || !handed.has(current) || !held.get(current)) return;
  host?.seek(current);
  shownFrame.value = current;
}

/** Frames around the current one, in the order in which they are wanted. */
function framesAround(): number[] {
  const current = frame.peek();
  const ahead = Array.from({ length: AHEAD + 1 }, (_, step) => current + step);
  const behind = Array.from({ length: BEHIND }, (_, step) => current - 1 - step);
  return [...ahead, ...behind].filter((index) => index >= 0 && index < frameCount.peek());
}

function nextJob(): Job | null {
  const current = frame.peek();
  const urgent = labelsJob([current]) ?? sensorsJob([current]);
  if (urgent) return urgent;
  if (running.size + beingTaken >= MOST_AT_ONCE) return null;
  return labelsJob(framesAround()) ?? sensorsJob(framesAround());
}

function sensorsJob(frames: readonly number[]): Job | null {
  const index = frames.find((candidate) => !handed.has(candidate) && !isRunning("sensors", candidate));
  return index === undefined ? null : { kind: "sensors", first: index, last: index };
}

function labelsJob(frames: readonly number[]): Job | null {
  const free = frames.filter((candidate) => !isRunning("labels", candidate));
  const wanted = held.wanted(free);
  return wanted && { kind: "labels", ...wanted };
}

function isRunning(kind: Job["kind"], index: number): boolean {
  return [...running.keys()].some((job) => job.kind === kind && job.first <= index && index <= job.last);
}

function abandonFarJobs(): void {
  const near = new Set(framesAround());
  for (const [job, controller] of running) {
    if (near.has(job.first) || near.has(job.last)) continue;
    controller.abort();
    running.delete(job);
  }
}

async function run(job: Job): Promise<void> {
  const controller = new AbortController();
  running.set(job, controller);
  try {
    if (job.kind === "sensors") await handSensors(job.first, controller.signal);
    else await handLabels(job, controller.signal);
    running.delete(job);
    schedule();
  } catch (error) {
    if (!controller.signal.aborted) tryLater(job, error);
  }
}

async function handSensors(index: number, aborted: AbortSignal): Promise<void> {
  const bytes = await getSensors(recordingName.peek(), index, aborted);
  const fallen = handed.add(index, bytes.byteLength);
  for (const gone of fallen) held.forget(gone);
  passOn(bytes);
}

async function handLabels(wanted: LabelsWanted, aborted: AbortSignal): Promise<void> {
  const selected = selectedId.peek();
  const packet = await getLabels(recordingName.peek(), { ...wanted, selected }, aborted);
  held.take(packet.header, wanted.tracks);
  passOn(packet.rrd);
  labelsVersion.value = labelsVersion.peek() + 1;
  markStale(idsOf(selected, selectedId.peek()), packet.header.revision);
  void noticeRevision(packet.header.revision);
}

/** Nothing more is fetched ahead while Rerun has its hands full. */
function passOn(bytes: ArrayBuffer): void {
  beingTaken += 1;
  void host?.log(bytes).then(() => {
    beingTaken -= 1;
    schedule();
  });
}

/** The job stays in the way of others like it until the retry, so that a dead server is not asked without pause. */
function tryLater(job: Job, error: unknown): void {
  const refused = error instanceof Refused;
  if (refused) reportFailure(`Frame ${job.first} cannot be shown: ${error.message}`);
  setTimeout(
    () => {
      running.delete(job);
      schedule();
    },
    refused ? RETRY_REFUSED_MS : RETRY_MS,
  );
}
