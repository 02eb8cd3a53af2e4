/** The cuboid in numbers. */

import type { JSX } from "preact";
import type { Anchor, Vec3 } from "../api/types";
import { make } from "../edits/changes";
import { flushNudge } from "../edits/nudge";
import { inAxesOf, type Cuboid } from "../geometry/cuboid";
import { wrapAngle, yawOf } from "../geometry/quaternion";
import { subtract, withPart } from "../geometry/vector";
import { shownCuboid } from "../workbench/pose";
import { NumberField } from "./field";

const RADIANS = Math.PI / 180;
const SMALLEST_SIDE_M = 0.05;

const POSITIONS = [
  { label: "x", testId: "field-x" },
  { label: "y", testId: "field-y" },
  { label: "z", testId: "field-z" },
];

/** Length and width grow about the centre; height grows from the ground up. */
const SIZES: readonly { label: string; testId: string; title: string; anchor: Anchor }[] = [
  { label: "L", testId: "field-length", title: "Length in metres; the centre stays", anchor: [0, 0, 0] },
  { label: "W", testId: "field-width", title: "Width in metres; the centre stays", anchor: [0, 0, 0] },
  { label: "H", testId: "field-height", title: "Height in metres; the underside stays", anchor: [0, 0, -1] },
];

export function CuboidFields(): JSX.Element {
  const cuboid = shownCuboid.value;
  return (
    <div class="field-grid" role="group" aria-label="Cuboid">
      {POSITIONS.map(({ label, testId }, axis) => (
        <NumberField
          key={testId}
          label={label}
          title={`Position ${label} in the world, metres`}
          testId={testId}
          value={cuboid?.position[axis] ?? null}
          digits={2}
          step={0.05}
          onApply={(value) => withCuboid((now) => moveTo(now, axis, value))}
        />
      ))}
      <YawField cuboid={cuboid} />
      {SIZES.map(({ label, testId, title, anchor }, axis) => (
        <NumberField
          key={testId}
          label={label}
          title={title}
          testId={testId}
          value={cuboid?.size[axis] ?? null}
          digits={2}
          step={0.05}
          least={SMALLEST_SIDE_M}
          onApply={(value) => withCuboid((now) => resizeTo(now, axis, value, anchor))}
        />
      ))}
    </div>
  );
}

function YawField({ cuboid }: { readonly cuboid: Cuboid | null }): JSX.Element {
  return (
    <NumberField
      label="yaw°"
      title="Heading about the world's z axis, degrees"
      testId="field-yaw"
      value={cuboid && yawOf(cuboid.rotation) / RADIANS}
      digits={1}
      step={1}
      onApply={(value) => withCuboid((now) => turnTo(now, value * RADIANS))}
    />
  );
}

function withCuboid(act: (cuboid: Cuboid) => void): void {
  flushNudge();
  const cuboid = shownCuboid.peek();
  if (cuboid) act(cuboid);
}

function moveTo(cuboid: Cuboid, axis: number, value: number): void {
  const shift = subtract(withPart<number>(cuboid.position, axis, value), cuboid.position);
  make({ kind: "move", offset: inAxesOf(cuboid, shift) });
}

function turnTo(cuboid: Cuboid, yaw: number): void {
  const aboutUp: Vec3 = [0, 0, wrapAngle(yaw - yawOf(cuboid.rotation))];
  make({ kind: "rotate", rotation: inAxesOf(cuboid, aboutUp) });
}

function resizeTo(cuboid: Cuboid, axis: number, value: number, anchor: Anchor): void {
  make({ kind: "resize", size: withPart<number>(cuboid.size, axis, value), anchor });
}
