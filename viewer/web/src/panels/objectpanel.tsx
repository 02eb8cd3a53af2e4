/** The right side: the selected object in three views, in numbers and in words. */

import type { JSX } from "preact";
import type { Track } from "../api/types";
import { shortId } from "../workbench/identity";
import { placement } from "../workbench/pose";
import { pointCounts } from "../workbench/points";
import { colorOf } from "../workbench/recording";
import { frame, selectedTrack, wholeTrajectory } from "../workbench/selection";
import { OrthoViews } from "../ortho/views";
import { Button } from "./controls";
import { CuboidFields } from "./cuboidfields";
import { IdentityActions } from "./identityactions";
import { Attributes, ClassChoice, InTime } from "./meaning";

export function ObjectPanel(): JSX.Element {
  const track = selectedTrack.value;
  return (
    <aside class="object-panel" aria-label="Selected object">
      <Heading track={track} />
      <OrthoViews />
      {track && (
        <div class="object-details">
          <CuboidFields />
          <Attributes track={track} />
          <InTime track={track} />
          <IdentityActions />
        </div>
      )}
    </aside>
  );
}

function Heading({ track }: { readonly track: Track | null }): JSX.Element {
  if (!track) return <div class="object-heading quiet">No object selected</div>;
  return (
    <div class="object-heading">
      <span class="swatch" style={{ background: colorOf(track.class_name) }} aria-hidden="true" />
      <ClassChoice track={track} />
      <span class="row-id" title={track.id}>
        {shortId(track.id)}
      </span>
      <span class="quiet object-facts">{factsOf(track)}</span>
      <Button
        label="Moves and turns act on the whole trajectory (T)"
        pressed={wholeTrajectory.value}
        onClick={() => (wholeTrajectory.value = !wholeTrajectory.value)}
        testId="whole"
      >
        {wholeTrajectory.value ? "Whole track" : "This frame"}
      </Button>
    </div>
  );
}

function factsOf(track: Track): string {
  const place = placement.value;
  const counts = pointCounts.value?.frame === frame.value ? pointCounts.value.counts : null;
  const points = counts ? [`${(counts[track.id] ?? 0).toLocaleString("en")} pts`] : [];
  const source = place ? [place.atKnot ? `${place.maker ?? "some"} knot` : "interpolated"] : [];
  return [...points, ...source].join(" · ");
}
