/** From key presses, of the page and of Rerun's frame, to actions. */

import { obstacle } from "../edits/queue";
import { comboOf, type KeyPress } from "../rerun/messages";
import { act } from "./actions";
import { isViewAction } from "./keymap";
import { actionFor } from "./preset";

export function listenToKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if (actOnKey(event)) event.preventDefault();
  });
}

/** Do what a key press means; with Shift, the views' keys make smaller steps. True if it means something. */
export function actOnKey(press: KeyPress): boolean {
  if (obstacle.peek()) return false;
  const action = actionFor(comboOf(press));
  if (action) act(action);
  else if (press.shiftKey) return actFinely(press);
  return action !== null;
}

function actFinely(press: KeyPress): boolean {
  const action = actionFor(comboOf({ ...plain(press), shiftKey: false }));
  if (!action || !isViewAction(action)) return false;
  act(action, true);
  return true;
}

function plain({ key, ctrlKey, shiftKey, altKey, metaKey }: KeyPress): KeyPress {
  return { key, ctrlKey, shiftKey, altKey, metaKey };
}

/** Fields take their own keys, and leave them with Escape or Enter. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (target instanceof HTMLSelectElement) return event.key !== "Escape";
  if (!(target instanceof HTMLInputElement)) return false;
  return target.type !== "checkbox" && target.type !== "button";
}
