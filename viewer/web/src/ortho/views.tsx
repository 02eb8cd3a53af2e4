/** The three views of the selected object: one canvas of points, and over it a drawing for each view. */

import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shownCuboid } from "../workbench/pose";
import { selectedTrack } from "../workbench/selection";
import { VIEW_NAMES, VIEWS, type ViewName } from "./axes";
import { crop } from "./crop";
import { Stage, type Window } from "./stage";
import { View } from "./view";
import { scaleOf, viewFrame, viewSizes, zooms } from "./viewframe";

export function OrthoViews(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (box.current && canvas.current ? paintInto(box.current, canvas.current) : undefined), []);
  return (
    <div class="ortho" ref={box}>
      <canvas ref={canvas} aria-hidden="true" />
      {VIEW_NAMES.map((name) => (
        <View key={name} view={VIEWS[name]} />
      ))}
      {!selectedTrack.value && <p class="hint over">Click an object in the scene or in the list</p>}
    </div>
  );
}

/** Keep the canvas painted: whenever something it shows changes, once before the browser's next paint. */
function paintInto(box: HTMLElement, canvas: HTMLCanvasElement): () => void {
  const stage = new Stage(canvas);
  let asked = 0;
  const paint = (): void => {
    asked = 0;
    stage.draw(windowsOf(box), viewFrame.peek(), shownCuboid.peek(), crop.peek());
  };
  const askForPaint = (): void => {
    asked ||= requestAnimationFrame(paint);
  };
  const stopMeasuring = measure(box, (width, height) => {
    stage.resize(width, height);
    askForPaint();
  });
  const stopWatching = effect(() => {
    for (const seen of [viewFrame, shownCuboid, crop, zooms, viewSizes]) seen.value;
    askForPaint();
  });
  return () => {
    for (const stop of [stopMeasuring, stopWatching]) stop();
    cancelAnimationFrame(asked);
    stage.dispose();
  };
}

function measure(box: HTMLElement, onSize: (width: number, height: number) => void): () => void {
  const observer = new ResizeObserver(() => {
    viewSizes.value = { top: boxOf(box, "top"), side: boxOf(box, "side"), front: boxOf(box, "front") };
    onSize(box.clientWidth, box.clientHeight);
  });
  observer.observe(box);
  return () => observer.disconnect();
}

function windowsOf(box: HTMLElement): Window[] {
  return VIEW_NAMES.map((name) => ({ view: VIEWS[name], box: boxOf(box, name), scale: scaleOf(VIEWS[name]) }));
}

function boxOf(box: HTMLElement, name: ViewName): Window["box"] {
  const outer = box.getBoundingClientRect();
  const inner = box.querySelector(`[data-view="${name}"]`)?.getBoundingClientRect() ?? outer;
  return { left: inner.left - outer.left, top: inner.top - outer.top, width: inner.width, height: inner.height };
}
