/** The key map, as data: which combinations mean which action, in each preset. */

export type Action =
  | "object.previous"
  | "object.next"
  | "frame.previous"
  | "frame.next"
  | "play"
  | "undo"
  | "redo"
  | "delete"
  | "flip"
  | "whole"
  | "pin"
  | "create"
  | "refit"
  | "solve"
  | "suggested"
  | "findings"
  | "finding.next"
  | "finding.previous"
  | "finding.repair"
  | "finding.reject"
  | "tasks"
  | "accept"
  | "reject"
  | "back"
  | "help"
  | "view.left"
  | "view.right"
  | "view.up"
  | "view.down"
  | "view.counterclockwise"
  | "view.clockwise";

export type PresetName = "sustech" | "segments" | "cvat";
export type KeyMap = Readonly<Record<Action, readonly string[]>>;

export const ACTION_TITLES: Readonly<Record<Action, string>> = {
  "object.previous": "Previous object",
  "object.next": "Next object",
  "frame.previous": "Previous frame",
  "frame.next": "Next frame",
  play: "Play or pause",
  undo: "Undo",
  redo: "Redo",
  delete: "Delete the object",
  flip: "Flip the heading",
  whole: "Move and turn the whole trajectory, or only this frame",
  pin: "Confirm the cuboid here (a human knot)",
  create: "Create an object: then click in the scene",
  refit: "Fit the cuboid to the points of this frame",
  solve: "Solve the track: find it in all frames",
  suggested: "Go to the frame that is worth a look next",
  findings: "Findings: show or hide what is probably wrong",
  "finding.next": "The next finding",
  "finding.previous": "The finding before",
  "finding.repair": "Make the repair that a finding proposes",
  "finding.reject": "Reject a finding: it is no error",
  tasks: "Tasks: show or hide them",
  accept: "Review: accept the task",
  reject: "Review: request changes, with the comment pinned here",
  back: "Back out: drop the drag, the tool, the selection",
  help: "This help",
  "view.left": "In a view: move left",
  "view.right": "In a view: move right",
  "view.up": "In a view: move up",
  "view.down": "In a view: move down",
  "view.counterclockwise": "In a view: turn counter-clockwise",
  "view.clockwise": "In a view: turn clockwise",
};

const SUSTECH: KeyMap = {
  "object.previous": ["1"],
  "object.next": ["2"],
  "frame.previous": ["3"],
  "frame.next": ["4"],
  play: ["space"],
  undo: ["ctrl+z"],
  redo: ["ctrl+shift+z", "ctrl+y"],
  delete: ["delete"],
  flip: ["g"],
  whole: ["t"],
  pin: ["k"],
  create: ["n"],
  refit: ["f"],
  solve: ["x"],
  suggested: ["shift+x"],
  findings: ["shift+c"],
  "finding.next": ["j"],
  "finding.previous": ["shift+j"],
  "finding.repair": ["shift+r"],
  "finding.reject": ["shift+u"],
  tasks: ["shift+t"],
  accept: ["shift+y"],
  reject: ["shift+n"],
  back: ["escape"],
  help: ["?"],
  "view.left": ["a"],
  "view.right": ["d"],
  "view.up": ["w"],
  "view.down": ["s"],
  "view.counterclockwise": ["q"],
  "view.clockwise": ["e"],
};

const SEGMENTS: KeyMap = {
  ...SUSTECH,
  "object.previous": ["shift+tab"],
  "object.next": ["tab"],
  "frame.previous": ["arrowleft"],
  "frame.next": ["arrowright"],
  delete: ["delete", "backspace"],
  create: ["c"],
};

const CVAT: KeyMap = {
  ...SUSTECH,
  "object.previous": ["shift+tab"],
  "object.next": ["tab"],
  "frame.previous": ["d"],
  "frame.next": ["f"],
  refit: ["r"],
  "view.left": ["arrowleft"],
  "view.right": ["arrowright"],
  "view.up": ["arrowup"],
  "view.down": ["arrowdown"],
};

export const PRESETS: Readonly<Record<PresetName, KeyMap>> = { sustech: SUSTECH, segments: SEGMENTS, cvat: CVAT };
export const PRESET_TITLES: Readonly<Record<PresetName, string>> = {
  sustech: "SUSTechPOINTS keys",
  segments: "Segments.ai keys",
  cvat: "CVAT keys",
};

export function isViewAction(action: Action): boolean {
  return action.startsWith("view.");
}

/** How a combination is written for people. */
export function comboTitle(combo: string): string {
  return combo
    .split("+")
    .map((part) => part.replace(/^arrow/, "").replace(/^./, (letter) => letter.toUpperCase()))
    .join(" + ");
}
