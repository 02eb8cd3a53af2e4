/** The help: every key of the chosen preset, and what the mouse does in the views. */

import type { JSX } from "preact";
import { helpIsOpen } from "../keys/actions";
import { ACTION_TITLES, comboTitle, PRESET_TITLES, type Action } from "../keys/keymap";
import { keyMap, preset } from "../keys/preset";
import { Button } from "./controls";

const GESTURES: readonly (readonly [string, string])[] = [
  ["Drag a side or a corner", "Resize; the opposite side stays"],
  ["Shift + drag a side", "Move without resizing"],
  ["Ctrl + drag a side", "Resize, and snap to the points on release"],
  ["Double-click a side", "Snap it to the points"],
  ["Drag inside", "Move"],
  ["Drag the round handle", "Turn"],
  ["Wheel", "Zoom the view"],
  ["Shift + a view's key", "A smaller step"],
  ["Click an object or its outline in a photo", "Select it"],
  ["Click or drag on the line of time", "Go to a frame"],
];

export function Help(): JSX.Element | null {
  if (!helpIsOpen.value) return null;
  const close = (): void => void (helpIsOpen.value = false);
  return (
    <div class="veil" onClick={close}>
      <section
        class="dialog wide"
        role="dialog"
        aria-label="Keys and gestures"
        data-testid="help-dialog"
        onClick={(event) => event.stopPropagation()}
      >
        <header>
          <h2>Keys and gestures</h2>
          <span class="quiet">{PRESET_TITLES[preset.value]}</span>
          <Button label="Close the help" icon="close" onClick={close} />
        </header>
        <div class="columns">
          <dl>
            {Object.entries(keyMap.value).map(([action, combos]) => (
              <KeyLine key={action} action={action as Action} combos={combos} />
            ))}
          </dl>
          <dl>
            {GESTURES.map(([gesture, meaning]) => (
              <Line key={gesture} left={gesture} right={meaning} />
            ))}
          </dl>
        </div>
      </section>
    </div>
  );
}

function KeyLine({ action, combos }: { readonly action: Action; readonly combos: readonly string[] }): JSX.Element {
  return (
    <div>
      <dt>
        {combos.map((combo) => (
          <kbd key={combo}>{comboTitle(combo)}</kbd>
        ))}
      </dt>
      <dd>{ACTION_TITLES[action]}</dd>
    </div>
  );
}

function Line({ left, right }: { readonly left: string; readonly right: string }): JSX.Element {
  return (
    <div>
      <dt>{left}</dt>
      <dd>{right}</dd>
    </div>
  );
}
