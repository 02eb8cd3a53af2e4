/** What each action does. */

import { signal } from "@preact/signals";
import { deleteSelected, flipHeading, pinPose } from "../edits/changes";
import { goToSuggestion, refitSelected, solveSelected } from "../edits/fitting";
import { cancelNudge, flushNudge, nudge } from "../edits/nudge";
import { queued, submitRedo, submitUndo } from "../edits/queue";
import { alongAxis } from "../geometry/vector";
import { turnIn, VIEWS, type ViewAxes, type ViewName } from "../ortho/axes";
import { cancelDrag } from "../ortho/drag";
import { acceptTask, requestChanges, tasksAreOpen } from "../review/board";
import { rejectFinding, repairFinding, stepFinding, toggleFindings } from "../quality/findings";
import { togglePlay } from "../stream/play";
import { listedTracks } from "../workbench/listing";
import { shownCuboid } from "../workbench/pose";
import { canRedo, canUndo, classes } from "../workbench/recording";
import { select } from "../workbench/choosing";
import { frame, goTo, selectedId, selectedTrack, tool, wholeTrajectory } from "../workbench/selection";
import { inform } from "../workbench/notices";
import { isViewAction, type Action } from "./keymap";

/** The view under the mouse: keys for views act on it. */
export const hoveredView = signal<ViewName | null>(null);
export const helpIsOpen = signal(false);

const STEP_M = 0.05;
const FINE_STEP_M = 0.01;
const STEP_RAD = Math.PI / 180;
const FINE_STEP_RAD = STEP_RAD / 5;

/** Do an action; `fine` makes the steps of the views smaller. */
export function act(action: Action, fine = false): void {
  if (isViewAction(action)) return nudgeInView(action, fine);
  if (action === "back") return backOut();
  flushNudge();
  ACTIONS[action]?.();
}

const ACTIONS: Partial<Record<Action, () => void>> = {
  "object.previous": () => selectNeighbour(-1),
  "object.next": () => selectNeighbour(1),
  "frame.previous": () => goTo(frame.peek() - 1),
  "frame.next": () => goTo(frame.peek() + 1),
  play: togglePlay,
  undo: undo,
  redo: redo,
  delete: deleteSelected,
  flip: flipHeading,
  whole: () => (wholeTrajectory.value = !wholeTrajectory.peek()),
  pin: pinPose,
  create: () => (tool.value = tool.peek() === "create" ? "select" : "create"),
  refit: () => void refitSelected(),
  solve: () => void solveSelected(),
  suggested: goToSuggestion,
  findings: toggleFindings,
  "finding.next": () => stepFinding(1),
  "finding.previous": () => stepFinding(-1),
  "finding.repair": repairFinding,
  "finding.reject": rejectFinding,
  tasks: () => (tasksAreOpen.value = !tasksAreOpen.peek()),
  accept: acceptTask,
  reject: requestChanges,
  help: () => (helpIsOpen.value = !helpIsOpen.peek()),
};

export function undo(): void {
  flushNudge();
  if (canUndo.peek() || queued.peek().length > 0) submitUndo();
  else inform("Nothing to undo");
}

export function redo(): void {
  if (canRedo.peek() || queued.peek().length > 0) submitRedo();
  else inform("Nothing to redo");
}

/** One step back at a time: what is under the hand first, the selection last. */
function backOut(): void {
  if (cancelDrag() || cancelNudge()) return;
  if (helpIsOpen.peek()) helpIsOpen.value = false;
  else if (tool.peek() !== "select") tool.value = "select";
  else select(null);
}

function selectNeighbour(step: number): void {
  const ids = listedTracks.peek().map((row) => row.track.id);
  const at = ids.indexOf(selectedId.peek() ?? "");
  const next = at < 0 ? (step > 0 ? 0 : ids.length - 1) : (at + step + ids.length) % ids.length;
  select(ids[next] ?? null);
}

function nudgeInView(action: Action, fine: boolean): void {
  const name = hoveredView.peek();
  if (!name || !shownCuboid.peek()) return;
  const view = VIEWS[name];
  if (action === "view.counterclockwise" || action === "view.clockwise") return turn(view, action, fine);
  const axis = action === "view.left" || action === "view.right" ? view.right : view.up;
  const sign = action === "view.left" || action === "view.down" ? -1 : 1;
  nudge("move", alongAxis(axis, sign * (fine ? FINE_STEP_M : STEP_M)));
}

function turn(view: ViewAxes, action: Action, fine: boolean): void {
  if (!mayTurnIn(view)) return inform("Objects of this class stand upright: turn them in the top view");
  const sign = action === "view.counterclockwise" ? 1 : -1;
  nudge("rotate", turnIn(view, sign * (fine ? FINE_STEP_RAD : STEP_RAD)));
}

/** Classes whose objects stand upright turn only as seen from above. */
export function mayTurnIn(view: ViewAxes): boolean {
  const upright = classes.value.get(selectedTrack.value?.class_name ?? "")?.yaw_only ?? true;
  return view.name === "top" || !upright;
}
