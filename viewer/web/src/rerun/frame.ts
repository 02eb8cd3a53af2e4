/**
 * The script of the sandboxed frame that Rerun paints in. It has an origin of its own, so it cannot reach the page's
 * token; all it does is pass messages between the page and the widget.
 */

import { comboOf, TIMELINE, type FromFrame, type PanelStates, type ToFrame } from "./messages";
import { WidgetModel, type WidgetModule } from "./widget";

const WIDGET_URL = "/rerun/widget.js";
const QUIET: PanelStates = { top: "hidden", blueprint: "hidden", selection: "hidden", time: "hidden" };

let pageCombos: ReadonlySet<string> = new Set();

function tell(message: FromFrame): void {
  window.parent.postMessage(message, "*");
}

function hear(model: WidgetModel, message: ToFrame): void {
  switch (message.kind) {
    case "rrd":
      model.log(message.bytes);
      return reportWhenPainted(message.parcel);
    case "time":
      return model.seek(TIMELINE, message.frame);
    case "panels":
      return model.setPanels(message.states);
    case "deselect":
      return pressEscape();
    case "keys":
      pageCombos = new Set(message.combos);
  }
}

/** On a slow machine Rerun needs a while for every painting: the page must not send faster than that. */
function reportWhenPainted(parcel: number): void {
  const report = (): void => tell({ kind: "taken", parcel });
  requestAnimationFrame(() => requestAnimationFrame(report));
}

/** Rerun has no message for this, but Escape means it. */
function pressEscape(): void {
  const canvas = document.querySelector("canvas");
  for (const type of ["keydown", "keyup"]) canvas?.dispatchEvent(escape(type));
}

function escape(type: string): KeyboardEvent {
  return new KeyboardEvent(type, { key: "Escape", code: "Escape", bubbles: true, cancelable: true });
}

/** Keys that belong to the page never reach Rerun, which has meanings of its own for some of them. */
function passKey(event: KeyboardEvent): void {
  if (!event.isTrusted || !pageCombos.has(comboOf(event))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { key, ctrlKey, shiftKey, altKey, metaKey } = event;
  tell({ kind: "key", press: { key, ctrlKey, shiftKey, altKey, metaKey } });
}

function onWidgetMessage(message: string): void {
  tell(message === "ready" ? { kind: "ready" } : { kind: "event", json: message });
}

/** Rerun reports every shader it compiles, some fifty thousand lines: nobody reads them and they take seconds. */
function hushRerun(): void {
  console.debug = () => undefined;
}

async function start(): Promise<void> {
  hushRerun();
  const model = new WidgetModel(QUIET, onWidgetMessage);
  window.addEventListener("keydown", passKey, { capture: true });
  window.addEventListener("pointerdown", () => tell({ kind: "touch", pressed: true }), { capture: true });
  window.addEventListener("pointerup", () => tell({ kind: "touch", pressed: false }), { capture: true });
  window.addEventListener("message", (event: MessageEvent<ToFrame>) => {
    if (event.source === window.parent) hear(model, event.data);
  });
  tell({ kind: "loaded" });
  const el = document.getElementById("rerun");
  if (!el) throw new Error("the frame has no element for Rerun");
  const widget = (await import(/* @vite-ignore */ WIDGET_URL)) as WidgetModule;
  widget.default.render({ model, el });
}

start().catch((error: unknown) => tell({ kind: "failed", message: String(error) }));
