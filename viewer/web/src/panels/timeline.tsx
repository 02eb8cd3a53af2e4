/** The line of time under the scene: play, the frames, and what the selected track does when. */

import type { JSX } from "preact";
import type { Knot, Presence, TimedState } from "../api/types";
import { act } from "../keys/actions";
import { flushNudge } from "../edits/nudge";
import { clock, frameCount } from "../workbench/recording";
import { frame, goTo, playing, selectedTrack } from "../workbench/selection";
import { handedFrames, labelsVersion, shownFrame } from "../stream/feed";
import { openComments } from "../review/board";
import { rerunPanelsShown } from "../workbench/scene";
import { Button } from "./controls";

/** The drawing is this wide in its own units and stretches to the panel's width. */
const WIDTH = 1000;
const PRESENCE_Y = 14;
const STATES_Y = 25;
const LANE = 8;

export function TimeLine(): JSX.Element {
  return (
    <section class="time-line" aria-label="Time">
      <div class="transport" role="group" aria-label="Playing">
        <Button label="Previous frame" icon="previous" onClick={() => act("frame.previous")} testId="frame-previous" />
        <Button
          label={playing.value ? "Pause" : "Play"}
          icon={playing.value ? "pause" : "play"}
          onClick={() => act("play")}
          testId="play"
        />
        <Button label="Next frame" icon="next" onClick={() => act("frame.next")} testId="frame-next" />
      </div>
      <div class="lanes" {...scrubbing()}>
        <svg viewBox={`0 0 ${WIDTH} 40`} preserveAspectRatio="none" data-testid="time-line" aria-hidden="true">
          <Hatching />
          <HandedMarks />
          <TrackBands />
          <Ticks />
        </svg>
        <Knots />
        <CommentMarks />
        <Cursor />
      </div>
      <div class="time-foot">
        <MakerLegend />
        <Button
          label="Show or hide Rerun's own panels"
          pressed={rerunPanelsShown.value}
          onClick={() => (rerunPanelsShown.value = !rerunPanelsShown.value)}
          testId="rerun-panels"
        >
          Rerun panels
        </Button>
      </div>
    </section>
  );
}

interface Scrubbing {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
}

function scrubbing(): Scrubbing {
  const scrub = (event: PointerEvent): void => {
    const box = event.currentTarget instanceof Element ? event.currentTarget.getBoundingClientRect() : null;
    if (box) goTo(Math.floor(((event.clientX - box.left) / box.width) * frameCount.peek()));
  };
  return {
    onPointerDown: (event) => {
      if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
      flushNudge();
      scrub(event);
    },
    onPointerMove: (event) => {
      if (event.buttons === 1) scrub(event);
    },
  };
}

function xOf(position: number): number {
  return (position / Math.max(1, frameCount.value)) * WIDTH;
}

function percentOf(position: number): string {
  return `${(position / Math.max(1, frameCount.value)) * 100}%`;
}

/** Which frames the viewer holds. */
function HandedMarks(): JSX.Element {
  labelsVersion.value;
  shownFrame.value;
  const width = xOf(1);
  return (
    <g class="handed">
      {handedFrames().map((index) => (
        <rect key={index} x={xOf(index)} y="0" width={width} height="2" />
      ))}
    </g>
  );
}

function Ticks(): JSX.Element {
  const every = [1, 5, 10, 20, 50, 100, 200, 500, 1000].find((step) => frameCount.value / step <= 60) ?? 5000;
  const count = Math.ceil(frameCount.value / every);
  return (
    <g class="ticks">
      {Array.from({ length: count }, (_, index) => (
        <rect key={index} x={xOf(index * every)} y="2" width="0.8" height="5" />
      ))}
    </g>
  );
}

function TrackBands(): JSX.Element | null {
  const track = selectedTrack.value;
  if (!track) return null;
  return (
    <g>
      {track.presence.map((span) => (
        <PresenceBand key={`${span.kind}${span.start_ns}`} span={span} />
      ))}
      {track.states.map((state) => (
        <StateBand key={`${state.name}${state.start_ns}`} state={state} />
      ))}
    </g>
  );
}

function PresenceBand({ span }: { readonly span: Presence }): JSX.Element {
  const [from, to] = [xOf(clock.value.positionOf(span.start_ns)), xOf(clock.value.positionOf(span.end_ns))];
  return (
    <rect class={`presence-band ${span.kind}`} x={from} y={PRESENCE_Y} width={Math.max(1, to - from)} height={LANE} />
  );
}

function StateBand({ state }: { readonly state: TimedState }): JSX.Element {
  const [from, to] = [xOf(clock.value.positionOf(state.start_ns)), xOf(clock.value.positionOf(state.end_ns))];
  return (
    <rect class="state-band" x={from} y={STATES_Y} width={Math.max(1, to - from)} height={LANE}>
      <title>{`${state.name}: ${state.value}`}</title>
    </rect>
  );
}

function Hatching(): JSX.Element {
  return (
    <defs>
      <pattern id="hatching" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="2.5" height="6" />
      </pattern>
    </defs>
  );
}

function Knots(): JSX.Element {
  return (
    <>
      {selectedTrack.value?.knots.map((knot) => (
        <KnotMark key={knot.time_ns} knot={knot} />
      ))}
    </>
  );
}

function KnotMark({ knot }: { readonly knot: Knot }): JSX.Element {
  const seconds = clock.value.secondsOf(knot.time_ns).toFixed(2);
  return (
    <span
      class={`knot ${knot.maker}`}
      style={{ left: percentOf(clock.value.positionOf(knot.time_ns)) }}
      title={`Knot by ${knot.maker} at ${seconds} s`}
    />
  );
}

/** Where somebody has said something: about the selected track clearly, about others faintly. */
function CommentMarks(): JSX.Element {
  return (
    <>
      {openComments.value.map(
        ({ id, pin, who, text }) =>
          pin.time_ns && (
            <span
              key={id}
              class={`comment-mark ${pin.track_id === selectedTrack.value?.id ? "own" : ""}`}
              style={{ left: percentOf(clock.value.positionOf(pin.time_ns)) }}
              title={`${who}: ${text}`}
              data-testid="comment-mark"
            />
          ),
      )}
    </>
  );
}

function Cursor(): JSX.Element {
  return <span class="cursor" style={{ left: percentOf(frame.value), width: percentOf(1) }} aria-hidden="true" />;
}

function MakerLegend(): JSX.Element {
  return (
    <div class="legend quiet" aria-hidden="true">
      {(["human", "solver", "model", "import"] as const).map((maker) => (
        <span key={maker}>
          <i class={`knot ${maker}`} />
          {maker}
        </span>
      ))}
    </div>
  );
}
