/** The middle: Rerun in a frame of its own, which can reach neither the token nor the page. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { startRerun, rerunIsReady } from "../workbench/scene";
import { shownFrame } from "../stream/feed";
import { frame, newClass, playing, tool } from "../workbench/selection";

export function SceneFrame(): JSX.Element {
  const element = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    if (element.current) startRerun(element.current);
  }, []);
  return (
    <section class={`scene ${tool.value === "create" ? "creating" : ""}`} aria-label="Scene">
      <iframe
        ref={element}
        title="Rerun: cloud and cameras"
        sandbox="allow-scripts"
        src="/rerun/frame.html"
        data-testid="rerun"
      />
      <Hint />
      <Loading />
    </section>
  );
}

function Hint(): JSX.Element | null {
  if (tool.value !== "create") return null;
  return <p class="scene-hint">Click where a new {newClass.value} stands · Escape to back out</p>;
}

function Loading(): JSX.Element | null {
  if (!rerunIsReady.value || shownFrame.value === frame.value || playing.value) return null;
  return <p class="scene-hint waiting">Loading frame {frame.value + 1}…</p>;
}
