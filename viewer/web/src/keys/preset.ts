/** The chosen key preset, kept in this browser. */

import { computed, effect, signal } from "@preact/signals";
import { isViewAction, PRESETS, type Action, type PresetName } from "./keymap";

const STORED_AS = "boxwright.keys";

function stored(): PresetName {
  const name = localStorage.getItem(STORED_AS) ?? "";
  return name in PRESETS ? (name as PresetName) : "sustech";
}

export const preset = signal<PresetName>(stored());
export const keyMap = computed(() => PRESETS[preset.value]);

effect(() => localStorage.setItem(STORED_AS, preset.value));

/** Combinations that the page wants even while Rerun has the focus; those for the views stay Rerun's. */
export const claimedCombos = computed(() =>
  Object.entries(keyMap.value)
    .filter(([action]) => !isViewAction(action as Action))
    .flatMap(([, combos]) => combos),
);

export function actionFor(combo: string): Action | null {
  const found = Object.entries(keyMap.value).find(([, combos]) => combos.includes(combo));
  return (found?.[0] as Action | undefined) ?? null;
}
