/** Which object is which: split, join, swap, delete, and the knot of this frame. */

import type { JSX } from "preact";
import { deleteSelected, flipHeading, joinWith, pinPose, removeKnot, splitHere, swapWith } from "../edits/changes";
import { fittingNow, refitSelected, solveSelected } from "../edits/fitting";
import { flushNudge } from "../edits/nudge";
import { shortId } from "../workbench/identity";
import { listedTracks, type TrackRow } from "../workbench/listing";
import { placement } from "../workbench/pose";
import { selectedId } from "../workbench/selection";
import { Button, Select } from "./controls";

export function IdentityActions(): JSX.Element {
  const place = placement.value;
  return (
    <div class="actions" role="group" aria-label="Identity and knots">
      <Button
        label="Confirm the cuboid here: a human knot, which machines never move"
        onClick={first(pinPose)}
        disabled={!place}
        testId="pin"
      >
        Pin here
      </Button>
      <Button
        label="Fit the cuboid to the points of this frame"
        onClick={first(() => void refitSelected())}
        disabled={!place || fittingNow.value !== null}
        testId="refit"
      >
        {fittingNow.value === "refit" ? "Fitting…" : "Fit here"}
      </Button>
      <Button
        label="Solve the track: find it in all frames from the poses that people set"
        onClick={first(() => void solveSelected())}
        disabled={!place || fittingNow.value !== null}
        testId="solve"
      >
        {fittingNow.value === "solve" ? "Solving…" : "Solve track"}
      </Button>
      <Button
        label="Remove the knot of this frame"
        onClick={first(removeKnot)}
        disabled={!place?.atKnot}
        testId="remove-knot"
      >
        Remove knot
      </Button>
      <Button label="Flip the heading, in all frames" onClick={first(flipHeading)} disabled={!place} testId="flip">
        Flip
      </Button>
      <Button
        label="Split: from this frame on it is another object"
        onClick={first(splitHere)}
        disabled={!place}
        testId="split"
      >
        Split here
      </Button>
      <OtherTrack title="Join with…" label="Join: another track is the same object" onChoose={joinWith} testId="join" />
      <OtherTrack
        title="Swap with…"
        label="Swap identities with another track from this frame on"
        onChoose={swapWith}
        testId="swap"
      />
      <Button label="Delete the object" tone="danger" onClick={first(deleteSelected)} testId="delete">
        Delete
      </Button>
    </div>
  );
}

function first(act: () => void): () => void {
  return () => {
    flushNudge();
    act();
  };
}

interface OtherTrackProps {
  readonly title: string;
  readonly label: string;
  readonly testId: string;
  readonly onChoose: (id: string) => void;
}

function OtherTrack({ title, label, testId, onChoose }: OtherTrackProps): JSX.Element {
  const others = listedTracks.value.filter((row) => row.track.id !== selectedId.value);
  const options = [{ value: "", title }, ...others.map(optionOf)];
  return (
    <Select
      label={label}
      value=""
      options={options}
      onChoose={(id) => id && first(() => onChoose(id))()}
      testId={testId}
    />
  );
}

function optionOf(row: TrackRow): { value: string; title: string } {
  const where = row.distanceM === null ? "" : ` · ${row.distanceM.toFixed(0)} m`;
  return { value: row.track.id, title: `${row.track.class_name} ${shortId(row.track.id)}${where}` };
}
