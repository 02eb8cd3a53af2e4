/** What Rerun reports, as JSON. Only the fields that the page uses. */

export interface SelectedItem {
  readonly type: string;
  readonly entity_path?: string;
  /** Which of an entity's instances was hit, such as one line strip; absent where Rerun selects the whole entity. */
  readonly instance_id?: number;
  readonly view_name?: string;
  /** Metres in a 3D view; in a 2D view pixels, with null for the third. */
  readonly position?: readonly [number, number, number | null];
}

export type RerunEvent =
  | { readonly type: "recording_open" }
  | { readonly type: "selection_change"; readonly items: readonly SelectedItem[] }
  /** Follows the timeline that the latest timeline_change named. */
  | { readonly type: "time_update"; readonly time: number }
  | { readonly type: "timeline_change"; readonly timeline: string; readonly time: number }
  | { readonly type: "other" };

const KNOWN = new Set(["recording_open", "selection_change", "time_update", "timeline_change"]);

export function parseEvent(json: string): RerunEvent {
  const event = JSON.parse(json) as { type: string };
  return KNOWN.has(event.type) ? (event as RerunEvent) : { type: "other" };
}
