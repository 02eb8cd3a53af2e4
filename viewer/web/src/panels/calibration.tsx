/** The calibration panel: picks, how well they agree, and what adopting them would change. */

import type { JSX } from "preact";
import type { PicksReply } from "../api/types";
import {
  adopt,
  chooseCamera,
  dropPick,
  pickCamera,
  picks,
  previewShown,
  solution,
  waitingPoint,
} from "../calibration/picks";
import { adoptDrift, drifts, measure, measuring } from "../calibration/drift";
import { recording } from "../workbench/recording";
import { tool } from "../workbench/selection";
import { Button, Select } from "./controls";

export function CalibrationPanel(): JSX.Element | null {
  if (tool.value !== "calibrate") return null;
  const cameras = recording.value?.cameras.map(({ name }) => ({ value: name, title: name })) ?? [];
  const found = solution.value;
  return (
    <section class="calibration-panel" aria-label="Calibration" data-testid="calibration">
      <header>
        <Select
          label="Camera to calibrate"
          value={pickCamera.value}
          options={cameras}
          testId="pick-camera"
          onChoose={chooseCamera}
        />
        <Button label="Close the calibration" icon="close" onClick={() => (tool.value = "select")} />
      </header>
      <p class="quiet" role="status" data-testid="pick-step">
        {stepOf(found)}
      </p>
      <Picks found={found} />
      {found?.edit ? <Verdict found={found} /> : <Drift camera={pickCamera.value} />}
    </section>
  );
}

function stepOf(found: PicksReply | null): string {
  if (waitingPoint.value) return "Now click the pixel of this point in the photo";
  const needed = found?.needed ?? 0;
  const more = needed > 0 ? ` · ${needed} more needed` : "";
  return `Click a LiDAR point on something that stands still${more}`;
}

function Picks({ found }: { readonly found: PicksReply | null }): JSX.Element {
  return (
    <ol>
      {picks.value.map((pick, index) => {
        const verdict = found?.verdicts?.[index];
        return (
          <li key={index} class={verdict?.suspicious ? "suspicious" : ""} data-testid="pick">
            <span>
              {pick.pixel.map((each) => each.toFixed(1)).join(", ")} px
              {verdict && ` · ${verdict.before_px.toFixed(1)} → ${verdict.after_px.toFixed(1)} px`}
              {verdict?.suspicious && " · does not agree"}
            </span>
            <Button label={`Remove pick ${index + 1}`} icon="close" onClick={() => dropPick(index)} />
          </li>
        );
      })}
    </ol>
  );
}

function Verdict({ found }: { readonly found: PicksReply }): JSX.Element {
  const [turn, turnSigma] = [found.rotation_deg ?? 0, found.rotation_sigma_deg ?? 0];
  const [shift, shiftSigma] = [found.translation_m ?? 0, found.translation_sigma_m ?? 0];
  return (
    <footer>
      <p data-testid="pick-verdict">
        turned by {turn.toFixed(2)}° ± {turnSigma.toFixed(2)}°, moved by {(100 * shift).toFixed(1)} ±{" "}
        {(100 * shiftSigma).toFixed(1)} cm
      </p>
      <Button
        label="Preview the correction in the photo: orange before, blue after"
        pressed={previewShown.value}
        testId="pick-preview"
        onClick={() => (previewShown.value = !previewShown.value)}
      >
        Preview
      </Button>
      <Button label="Adopt the correction as a new rig version" tone="primary" testId="pick-adopt" onClick={adopt}>
        Adopt
      </Button>
    </footer>
  );
}

/** What the camera and the LiDAR say without any pick. */
function Drift({ camera }: { readonly camera: string }): JSX.Element {
  const found = drifts.value.get(camera);
  const busy = measuring.value !== "";
  return (
    <footer class="drift">
      <p role="status" data-testid="drift" data-state={busy ? "measuring" : (found?.state ?? "")}>
        {busy ? `Measuring the drift of ${measuring.value}…` : (found?.line.replaceAll("+-", "±") ?? "Not measured yet")}
      </p>
      <Button
        label="Measure whether the camera has drifted, by what it and the LiDAR see"
        testId="drift-measure"
        disabled={busy || camera === ""}
        onClick={() => void measure(camera)}
      >
        Measure drift
      </Button>
      {found?.edit && (
        <>
          <Button
            label="Preview the correction in the photo: orange before, blue after"
            pressed={previewShown.value}
            testId="drift-preview"
            onClick={() => (previewShown.value = !previewShown.value)}
          >
            Preview
          </Button>
          <Button
            label="Turn the camera back, as a new rig version"
            tone="primary"
            testId="drift-adopt"
            onClick={() => adoptDrift(camera)}
          >
            Adopt
          </Button>
        </>
      )}
    </footer>
  );
}
