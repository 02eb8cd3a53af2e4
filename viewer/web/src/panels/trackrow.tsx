/** One row of the track list. */

import type { JSX } from "preact";
import { memo } from "preact/compat";
import type { PresenceKind } from "../api/types";
import { shortId } from "../workbench/identity";
import type { TrackRow } from "../workbench/listing";
import { colorOf } from "../workbench/recording";
import { commentCounts } from "../review/board";
import { select } from "../workbench/choosing";

export const ROW_HEIGHT_PX = 28;

const PRESENCE_TITLES: Readonly<Record<PresenceKind, string>> = {
  observed: "observed in this frame",
  occluded: "occluded in this frame",
  absent: "absent in this frame",
};

interface RowProps {
  readonly row: TrackRow;
  readonly selected: boolean;
}

export const Row = memo(PlainRow, looksTheSame);

function PlainRow({ row, selected }: RowProps): JSX.Element {
  const { track, presence } = row;
  return (
    <div
      class={`row ${presence}`}
      role="option"
      aria-selected={selected}
      data-testid="track-row"
      data-track-id={track.id}
      title={describe(row)}
      onClick={() => select(track.id)}
    >
      <span class={`presence-mark ${presence}`} style={{ color: colorOf(track.class_name) }} aria-hidden="true" />
      <span class="row-class">{track.class_name}</span>
      <span class="row-id">
        <CommentCount trackId={track.id} /> {shortId(track.id)}
      </span>
      <span class="row-states">{row.states.length > 0 ? "●".repeat(Math.min(3, row.states.length)) : ""}</span>
      <span class="row-points">{pointsShown(row)}</span>
      <span class="row-distance">{row.distanceM === null ? "" : `${row.distanceM.toFixed(0)} m`}</span>
    </div>
  );
}

function CommentCount({ trackId }: { readonly trackId: string }): JSX.Element | null {
  const count = commentCounts.value.get(trackId);
  return count === undefined ? null : (
    <span class="row-comments" title={`${count} open comments`} data-testid="row-comments">
      {count}
    </span>
  );
}

function pointsShown(row: TrackRow): string {
  return row.presence === "absent" || row.points === null ? "" : row.points.toLocaleString("en");
}

function describe(row: TrackRow): string {
  const points = row.points === null || row.presence === "absent" ? [] : [`${row.points} points`];
  const parts = [row.track.class_name, row.track.id, PRESENCE_TITLES[row.presence], ...points, ...row.states];
  return parts.join(" · ");
}

function looksTheSame(a: RowProps, b: RowProps): boolean {
  return (
    a.selected === b.selected &&
    a.row.track === b.row.track &&
    a.row.presence === b.row.presence &&
    a.row.distanceM === b.row.distanceM &&
    a.row.points === b.row.points &&
    a.row.states.join() === b.row.states.join()
  );
}
