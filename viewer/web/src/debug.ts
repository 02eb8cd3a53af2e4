/** A read-only look inside, for browser tests and bug reports: `window.boxwright`. */

import { queued } from "./edits/queue";
import { cornersOf, sideName, sidesOf, VIEWS, type SideName, type ViewName } from "./ortho/axes";
import { outlineIn, plus } from "./ortho/projection";
import { viewFrame } from "./ortho/viewframe";
import { crop } from "./ortho/crop";
import { handedFrames, shownFrame } from "./stream/feed";
import { shownCuboid } from "./workbench/pose";
import { clickedPixel, picks, solution, waitingPoint } from "./calibration/picks";
import { frame, selectedId } from "./workbench/selection";
import { rerunIsReady } from "./workbench/scene";

type PagePixel = { readonly x: number; readonly y: number };

const look = {
  get selectedTrackId(): string | null {
    return selectedId.peek();
  },
  get frame(): number {
    return frame.peek();
  },
  get shownFrame(): number | null {
    return shownFrame.peek();
  },
  get pendingEdits(): number {
    return queued.peek().length;
  },
  get rerunReady(): boolean {
    return rerunIsReady.peek();
  },
  get handedFrames(): number[] {
    return handedFrames();
  },
  get cuboid(): unknown {
    return structuredClone(shownCuboid.peek());
  },
  /** The calibration's state: what was clicked last, and what that led to. */
  get calibration(): unknown {
    const [waiting, clicked, found] = [waitingPoint.peek(), clickedPixel.peek(), solution.peek()];
    return structuredClone({ waiting, clicked, picks: picks.peek(), found });
  },
  get cropPoints(): number {
    return (crop.peek()?.rows.length ?? 0) / 4;
  },
  /** Where on the page the middle of a side is, such as sidePixel("top", "front"); null when nothing is selected. */
  sidePixel(viewName: ViewName, name: SideName): PagePixel | null {
    const side = sidesOf(VIEWS[viewName]).find((candidate) => sideName(candidate) === name);
    const outline = currentOutline(viewName);
    return side && outline ? onPage(viewName, plus(outline.centre, outline.toSide(side))) : null;
  },
  centrePixel(viewName: ViewName): PagePixel | null {
    const outline = currentOutline(viewName);
    return outline && onPage(viewName, outline.centre);
  },
  /** The corner between two sides, such as cornerPixel("top", "front", "left"). */
  cornerPixel(viewName: ViewName, first: SideName, second: SideName): PagePixel | null {
    const corner = cornersOf(VIEWS[viewName]).find((sides) =>
      sides.every((side) => [first, second].includes(sideName(side))),
    );
    const outline = currentOutline(viewName);
    return corner && outline ? onPage(viewName, corner.map(outline.toSide).reduce(plus, outline.centre)) : null;
  },
};

declare global {
  interface Window {
    boxwright: typeof look;
  }
}

export function offerDebugging(): void {
  window.boxwright = Object.freeze(look);
}

function currentOutline(name: ViewName): ReturnType<typeof outlineIn> | null {
  const [frameNow, cuboid] = [viewFrame.peek(), shownCuboid.peek()];
  return frameNow && cuboid && outlineIn(VIEWS[name], frameNow, cuboid);
}

function onPage(name: ViewName, [x, y]: readonly [number, number]): PagePixel {
  const box = document.querySelector(`[data-view="${name}"]`)?.getBoundingClientRect();
  return { x: x + (box?.left ?? 0), y: y + (box?.top ?? 0) };
}
