/** One view: the cuboid's outline with the handles that a hand can take, and the view's own legend. */

import type { JSX } from "preact";
import { hoveredView, mayTurnIn } from "../keys/actions";
import { shownCuboid } from "../workbench/pose";
import { colorOf } from "../workbench/recording";
import { selectedTrack } from "../workbench/selection";
import { cornersOf, sideName, sidesOf, type Side, type ViewAxes } from "./axes";
import { cancelDrag, endDrag, moveDrag, snapSides, startDrag, type Grip, type Modifiers, type Pixel } from "./drag";
import { difference, ofLength, outlineIn, plus, times, type Outline } from "./projection";
import { scaleOf, viewFrame, viewSizes, zoom } from "./viewframe";

const HANDLE_PX = 7;
const TURN_ARM_PX = 24;
const ZOOM_PER_PIXEL = 0.0015;

export function View({ view }: { readonly view: ViewAxes }): JSX.Element {
  const { width, height } = viewSizes.value[view.name];
  const [frame, cuboid] = [viewFrame.value, shownCuboid.value];
  const outline = frame && cuboid && outlineIn(view, frame, cuboid);
  return (
    <div
      class={`view ${view.name}`}
      data-view={view.name}
      data-testid={`view-${view.name}`}
      tabIndex={-1}
      aria-label={`${view.title} view of the selected object`}
      onPointerEnter={enter(view)}
      onPointerLeave={() => (hoveredView.value = null)}
      onWheel={(event) => {
        event.preventDefault();
        zoom(view.name, Math.exp(-event.deltaY * ZOOM_PER_PIXEL));
      }}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {outline && <CuboidDrawing view={view} outline={outline} />}
      </svg>
      <Legend view={view} />
    </div>
  );
}

/** Keys act on the view under the mouse: it takes the focus, unless something is being typed. */
function enter(view: ViewAxes): (event: PointerEvent) => void {
  return (event) => {
    hoveredView.value = view.name;
    const isTyping = document.activeElement instanceof HTMLInputElement;
    if (!isTyping && event.currentTarget instanceof HTMLElement) event.currentTarget.focus({ preventScroll: true });
  };
}

function CuboidDrawing({ view, outline }: { readonly view: ViewAxes; readonly outline: Outline }): JSX.Element {
  const corners = cornersOf(view).map((sides) => ({ sides, at: cornerOf(outline, sides) }));
  const [a, b, c, d] = corners.map((corner) => corner.at.join(","));
  return (
    <g style={{ color: colorOf(selectedTrack.value?.class_name ?? "") }}>
      <polygon class="box-inside" points={`${a} ${b} ${d} ${c}`} {...gripHandlers(view, outline, { kind: "inside" })} />
      <Heading view={view} outline={outline} />
      {sidesOf(view).map((side) => (
        <SideLine key={sideName(side)} view={view} outline={outline} side={side} />
      ))}
      {corners.map(({ sides, at }) => (
        <circle
          key={sides.map(sideName).join()}
          class="box-corner"
          cx={at[0]}
          cy={at[1]}
          r={HANDLE_PX}
          {...gripHandlers(view, outline, { kind: "sides", sides })}
        />
      ))}
      {mayTurnIn(view) && <TurnHandle view={view} outline={outline} />}
    </g>
  );
}

function cornerOf(outline: Outline, sides: readonly Side[]): Pixel {
  return sides.map(outline.toSide).reduce(plus, outline.centre);
}

function SideLine(props: { readonly view: ViewAxes; readonly outline: Outline; readonly side: Side }): JSX.Element {
  const { view, outline, side } = props;
  const along = outline.toSide({ axis: side.axis === view.right ? view.up : view.right, sign: 1 });
  const middle = plus(outline.centre, outline.toSide(side));
  const [from, to] = [plus(middle, along), difference(middle, along)];
  const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  const name = sideName(side);
  return (
    <g class={`box-side ${side.axis === view.right ? "across" : "upright"}`}>
      <line class="box-edge" {...ends} />
      <line
        class="box-grip"
        {...ends}
        data-testid={`side-${view.name}-${name}`}
        onDblClick={() => snapSides([side])}
        {...gripHandlers(view, outline, { kind: "sides", sides: [side] })}
      />
      <rect class="box-handle" x={middle[0] - 3} y={middle[1] - 3} width="6" height="6" />
    </g>
  );
}

/** An arrow from the centre to the front; seen from before, a dot. */
function Heading({ view, outline }: { readonly view: ViewAxes; readonly outline: Outline }): JSX.Element {
  if (view.depth === 0) return <circle class="box-heading" cx={outline.centre[0]} cy={outline.centre[1]} r="3" />;
  const toFront = outline.toSide({ axis: 0, sign: 1 });
  const tip = plus(outline.centre, toFront);
  const back = ofLength(toFront, -9);
  const wing: Pixel = [-back[1] * 0.6, back[0] * 0.6];
  const head = [plus(plus(tip, back), wing), tip, plus(plus(tip, back), times(wing, -1))];
  return (
    <g class="box-heading">
      <line x1={outline.centre[0]} y1={outline.centre[1]} x2={tip[0]} y2={tip[1]} />
      <polyline points={head.map((pixel) => pixel.join(",")).join(" ")} />
    </g>
  );
}

function TurnHandle({ view, outline }: { readonly view: ViewAxes; readonly outline: Outline }): JSX.Element {
  const toSide = outline.toSide({ axis: view.right, sign: 1 });
  const edge = plus(outline.centre, toSide);
  const knob = plus(edge, ofLength(toSide, TURN_ARM_PX));
  return (
    <g class="box-turn">
      <line x1={edge[0]} y1={edge[1]} x2={knob[0]} y2={knob[1]} />
      <circle
        cx={knob[0]}
        cy={knob[1]}
        r={HANDLE_PX}
        data-testid={`turn-${view.name}`}
        {...gripHandlers(view, outline, { kind: "turn" })}
      />
    </g>
  );
}

function Legend({ view }: { readonly view: ViewAxes }): JSX.Element {
  const size = shownCuboid.value?.size;
  const across = size && `${size[view.right].toFixed(2)} × ${size[view.up].toFixed(2)} m`;
  return (
    <>
      <span class="view-title">
        {view.title} <span class="quiet">{across}</span>
      </span>
      {size && <span class="view-edge right">{view.rightEdge} →</span>}
      {size && <span class="view-edge upper">↑ {view.upperEdge}</span>}
      {size && <ScaleBar view={view} />}
    </>
  );
}

function ScaleBar({ view }: { readonly view: ViewAxes }): JSX.Element {
  const perMetre = scaleOf(view);
  const metres = [0.1, 0.5, 1, 2, 5, 10].find((candidate) => candidate * perMetre >= 24) ?? 20;
  return (
    <span class="scale-bar" style={{ width: `${metres * perMetre}px` }}>
      {metres} m
    </span>
  );
}

interface GripHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: (event: PointerEvent) => void;
  readonly onPointerCancel: () => void;
}

function gripHandlers(view: ViewAxes, outline: Outline, grip: Grip): GripHandlers {
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      capture(event);
      startDrag(view, grip, pagePixel(event), onPage(event, outline.centre));
    },
    onPointerMove: (event) => moveDrag(pagePixel(event), modifiersOf(event)),
    onPointerUp: (event) => endDrag(pagePixel(event), modifiersOf(event)),
    onPointerCancel: cancelDrag,
  };
}

function capture(event: PointerEvent): void {
  if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
}

function pagePixel(event: PointerEvent): Pixel {
  return [event.clientX, event.clientY];
}

/** A pixel of the view as a pixel of the page. */
function onPage(event: PointerEvent, pixel: Pixel): Pixel {
  const svg = event.currentTarget instanceof SVGElement ? event.currentTarget.ownerSVGElement : null;
  const box = svg?.getBoundingClientRect();
  return [pixel[0] + (box?.left ?? 0), pixel[1] + (box?.top ?? 0)];
}

function modifiersOf(event: PointerEvent): Modifiers {
  return { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey };
}
