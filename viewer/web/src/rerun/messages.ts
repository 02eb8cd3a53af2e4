/** What the page and Rerun's sandboxed frame say to each other by postMessage. */

/** Frames are counted on this timeline of Rerun's recording. */
export const TIMELINE = "frame";

export type PanelState = "hidden" | "collapsed" | "expanded";
export type PanelStates = { top: PanelState; blueprint: PanelState; selection: PanelState; time: PanelState };

/** A key press as it crosses from the frame to the page: the few fields the key map looks at. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export type ToFrame =
  | { readonly kind: "rrd"; readonly bytes: ArrayBuffer; readonly parcel: number }
  | { readonly kind: "time"; readonly frame: number }
  | { readonly kind: "panels"; readonly states: PanelStates }
  /** Let go of what Rerun has selected: its highlight would outlive the click that was meant for the page. */
  | { readonly kind: "deselect" }
  /** Key combinations that belong to the page even while Rerun has the focus. */
  | { readonly kind: "keys"; readonly combos: readonly string[] };

export type FromFrame =
  | { readonly kind: "loaded" }
  | { readonly kind: "ready" }
  | { readonly kind: "event"; readonly json: string }
  /** Rerun has painted since it was given this parcel of bytes. */
  | { readonly kind: "taken"; readonly parcel: number }
  | { readonly kind: "key"; readonly press: KeyPress }
  /** The user presses, or lets go of, something inside Rerun. */
  | { readonly kind: "touch"; readonly pressed: boolean }
  | { readonly kind: "failed"; readonly message: string };

/**
 * One name per key combination, such as "ctrl+shift+z" or "3". Shift counts with letters and named keys only: which
 * signs need it depends on the keyboard.
 */
export function comboOf(press: KeyPress): string {
  const named = press.key === " " ? "space" : press.key.toLowerCase();
  const isSign = named.length === 1 && named === named.toUpperCase();
  const modifiers = [
    press.ctrlKey || press.metaKey ? "ctrl+" : "",
    press.altKey ? "alt+" : "",
    press.shiftKey && !isSign ? "shift+" : "",
  ];
  return modifiers.join("") + named;
}
