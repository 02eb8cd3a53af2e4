/** Which tracks an edit reads or writes. */

import type { Edit } from "../api/types";

export function touchedBy(edit: Edit): readonly string[] {
  switch (edit.kind) {
    case "create_track":
      return [edit.track.id];
    case "split":
      return [edit.track_id, edit.new_id];
    case "join":
    case "swap":
      return [edit.track_id, edit.other_id];
    case "apply_patches":
      return edit.patches.map((patch) => patch.track_id);
    case "adopt_rig":
      return [];
    default:
      return [edit.track_id];
  }
}
