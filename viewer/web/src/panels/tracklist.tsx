/** The list of tracks at the left: search, filters, and one row for each object of the recording. */

import { computed, effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { listOrder, listedTracks, onlyClass, onlyHere, onlyMoving, searched, type Order } from "../workbench/listing";
import { classes, tracks } from "../workbench/recording";
import { selectedId } from "../workbench/selection";
import { Button, Select } from "./controls";
import { Row, ROW_HEIGHT_PX } from "./trackrow";

/** Up to this many rows are simply all there; of more, only those in sight. */
const ALL_AT_ONCE = 300;
const SPARE_ROWS = 10;
const ORDERS: readonly { value: Order; title: string }[] = [
  { value: "class", title: "By class" },
  { value: "distance", title: "By distance" },
];

const scrolledTo = signal(0);
const height = signal(600);

const inSight = computed(() => {
  const count = listedTracks.value.length;
  if (count <= ALL_AT_ONCE) return { first: 0, last: count };
  const first = Math.max(0, Math.floor(scrolledTo.value / ROW_HEIGHT_PX) - SPARE_ROWS);
  return { first, last: Math.min(count, first + Math.ceil(height.value / ROW_HEIGHT_PX) + 2 * SPARE_ROWS) };
});

export function TrackList(): JSX.Element {
  return (
    <aside class="track-list" aria-label="Tracks">
      <Filters />
      <Rows />
      <footer class="quiet list-foot">
        {listedTracks.value.length} of {tracks.value.size} tracks
      </footer>
    </aside>
  );
}

function Filters(): JSX.Element {
  return (
    <div class="filters">
      <Search />
      <Choices />
      <Toggles />
    </div>
  );
}

function Choices(): JSX.Element {
  const names = [...classes.value.keys()].map((name) => ({ value: name, title: name }));
  return (
    <div class="pair">
      <Select
        label="Class"
        value={onlyClass.value}
        options={[{ value: "", title: "All classes" }, ...names]}
        onChoose={(name) => (onlyClass.value = name)}
        testId="filter-class"
      />
      <Select
        label="Order"
        value={listOrder.value}
        options={ORDERS}
        onChoose={(name) => (listOrder.value = name as Order)}
        testId="list-order"
      />
    </div>
  );
}

function Toggles(): JSX.Element {
  return (
    <div class="pair">
      <Button
        label="Only objects in this frame"
        pressed={onlyHere.value}
        onClick={() => (onlyHere.value = !onlyHere.value)}
        testId="filter-here"
      >
        In frame
      </Button>
      <Button
        label="Only objects that move"
        pressed={onlyMoving.value}
        onClick={() => (onlyMoving.value = !onlyMoving.value)}
        testId="filter-moving"
      >
        Moving
      </Button>
    </div>
  );
}

function Search(): JSX.Element {
  return (
    <input
      type="search"
      class="input"
      placeholder="Search class, id, state"
      aria-label="Search tracks"
      data-testid="track-search"
      value={searched.value}
      onInput={(event) => (searched.value = event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}

function Rows(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => keepSelectedInSight(box.current), []);
  const { first, last } = inSight.value;
  const rows = listedTracks.value;
  return (
    <div
      class="rows"
      ref={box}
      role="listbox"
      aria-label="Tracks"
      tabIndex={0}
      data-testid="track-list"
      onScroll={(event) => (scrolledTo.value = event.currentTarget.scrollTop)}
    >
      <div style={{ height: `${rows.length * ROW_HEIGHT_PX}px`, paddingTop: `${first * ROW_HEIGHT_PX}px` }}>
        {rows.slice(first, last).map((row) => (
          <Row key={row.track.id} row={row} selected={row.track.id === selectedId.value} />
        ))}
      </div>
      {rows.length === 0 && (
        <p class="hint">
          {tracks.value.size === 0 ? "No tracks yet. Press New, then click in the scene." : "No track matches."}
        </p>
      )}
    </div>
  );
}

/** Scroll, by as little as needed, when the selection changes. */
function keepSelectedInSight(box: HTMLDivElement | null): () => void {
  return effect(() => {
    const id = selectedId.value;
    const index = listedTracks.peek().findIndex((row) => row.track.id === id);
    if (!box || index < 0) return;
    height.value = box.clientHeight;
    const top = index * ROW_HEIGHT_PX;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW_HEIGHT_PX > box.scrollTop + box.clientHeight)
      box.scrollTop = top + ROW_HEIGHT_PX - box.clientHeight;
  });
}
