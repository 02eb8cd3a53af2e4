/** The part of an AnyWidget model that Rerun's notebook widget uses, fed by us instead of by a notebook. */

import type { PanelStates } from "./messages";

type Handler = (...parts: never[]) => void;

export interface WidgetModule {
  readonly default: { render(scene: { model: WidgetModel; el: HTMLElement }): unknown };
}

export class WidgetModel {
  private readonly handlers = new Map<string, Handler[]>();
  private readonly values: Record<string, unknown>;

  constructor(
    panels: PanelStates,
    private readonly onSend: (message: string) => void,
  ) {
    this.values = { _width: "auto", _height: "auto", _theme: "dark", _panel_states: panels };
  }

  get(key: string): unknown {
    return this.values[key] ?? null;
  }

  on(event: string, handler: Handler): void {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
  }

  send(message: string): void {
    this.onSend(message);
  }

  /** Hand a recording's bytes in. */
  log(bytes: ArrayBuffer): void {
    this.emit("msg:custom", { type: "rrd" }, [new DataView(bytes)]);
  }

  seek(timeline: string, sequence: number): void {
    this.emit("msg:custom", { type: "time_ctrl", timeline, sequence, play: false }, []);
  }

  setPanels(states: PanelStates): void {
    this.values["_panel_states"] = states;
    this.emit("change:_panel_states", null, states);
  }

  private emit(event: string, ...parts: unknown[]): void {
    for (const handler of this.handlers.get(event) ?? []) handler(...(parts as never[]));
  }
}
