/** The page's end of the wire to Rerun's sandboxed frame. */

import { TIMELINE, type FromFrame, type KeyPress, type PanelStates, type ToFrame } from "./messages";
import { parseEvent, type SelectedItem } from "./events";
import { Seeker } from "./seeker";

const OPENING_TIMEOUT_MS = 5_000;
/** A hidden browser tab paints nothing, so nothing is ever reported as taken there. */
const TAKING_TIMEOUT_MS = 4_000;

export interface RerunListener {
  onReady(): void;
  onSelection(items: readonly SelectedItem[]): void;
  /** The user moved Rerun's own time cursor. */
  onScrub(frame: number): void;
  onKey(press: KeyPress): void;
  onFailure(message: string): void;
}

export class RerunHost {
  private readonly seeker = new Seeker((frame) => this.tell({ kind: "time", frame }));
  private opened: () => void = () => undefined;
  private timeline = "";
  private parcels = 0;
  private readonly onTaken = new Map<number, () => void>();

  constructor(
    private readonly element: HTMLIFrameElement,
    private readonly listener: RerunListener,
  ) {
    window.addEventListener("message", (event: MessageEvent<FromFrame>) => {
      if (event.source === element.contentWindow) this.hear(event.data);
    });
  }

  /** Hand over the recording's still parts, and wait until Rerun knows the recording: seeking works only then. */
  async open(scene: ArrayBuffer): Promise<void> {
    const known = new Promise<void>((resolve) => (this.opened = resolve));
    void this.log(scene);
    await Promise.race([known, after(OPENING_TIMEOUT_MS)]);
  }

  /** Hand bytes over; they are gone from this page at once. Resolves when Rerun has taken them in. */
  log(bytes: ArrayBuffer): Promise<void> {
    this.parcels += 1;
    const parcel = this.parcels;
    this.tell({ kind: "rrd", bytes, parcel }, [bytes]);
    const taken = new Promise<void>((resolve) => this.onTaken.set(parcel, resolve));
    return Promise.race([taken, after(TAKING_TIMEOUT_MS)]).then(() => void this.onTaken.delete(parcel));
  }

  seek(frame: number): void {
    this.seeker.seek(frame);
  }

  /** Resolves when Rerun has taken the last seek in. */
  settled(): Promise<void> {
    return this.seeker.settled();
  }

  setPanels(states: PanelStates): void {
    this.tell({ kind: "panels", states });
  }

  deselect(): void {
    this.tell({ kind: "deselect" });
  }

  claimKeys(combos: readonly string[]): void {
    this.tell({ kind: "keys", combos });
  }

  private tell(message: ToFrame, transfer: Transferable[] = []): void {
    this.element.contentWindow?.postMessage(message, "*", transfer);
  }

  private hear(message: FromFrame): void {
    switch (message.kind) {
      case "ready":
        return this.listener.onReady();
      case "key":
        return this.listener.onKey(message.press);
      case "taken":
        return this.onTaken.get(message.parcel)?.();
      case "touch":
        return this.seeker.touch(message.pressed);
      case "failed":
        return this.listener.onFailure(message.message);
      case "event":
        return this.hearEvent(message.json);
      case "loaded":
    }
  }

  private hearEvent(json: string): void {
    const event = parseEvent(json);
    switch (event.type) {
      case "recording_open":
        return this.opened();
      case "selection_change":
        return this.listener.onSelection(event.items);
      case "timeline_change":
        this.timeline = event.timeline;
        return this.hearTime(event.time);
      case "time_update":
        return this.hearTime(event.time);
      case "other":
    }
  }

  private hearTime(time: number): void {
    if (this.timeline === TIMELINE && this.seeker.report(time)) this.listener.onScrub(time);
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
