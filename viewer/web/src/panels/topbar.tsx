/** The bar across the top: where you are, what your hand holds, and whether it is saved. */

import type { JSX } from "preact";
import { act, helpIsOpen, redo, undo } from "../keys/actions";
import { PRESET_TITLES, type PresetName } from "../keys/keymap";
import { preset } from "../keys/preset";
import { placing } from "../edits/placing";
import { queued } from "../edits/queue";
import { canRedo, canUndo, classes, clock, colorOf, frameCount, project, recordingName } from "../workbench/recording";
import { findings, findingsAreOpen } from "../quality/findings";
import { openComments, tasksAreOpen } from "../review/board";
import { frame, newClass, tool } from "../workbench/selection";
import { Button, Select } from "./controls";
import { SaveState } from "./savestate";

export function TopBar(): JSX.Element {
  return (
    <header class="top-bar">
      <span class="brand">Boxwright</span>
      <RecordingPicker />
      <FrameNumber />
      <div class="group" role="group" aria-label="History">
        <Button
          label="Undo"
          icon="undo"
          testId="undo"
          disabled={!canUndo.value && queued.value.length === 0}
          onClick={undo}
        />
        <Button label="Redo" icon="redo" testId="redo" disabled={!canRedo.value} onClick={redo} />
      </div>
      <Tools />
      <Button
        label="Tasks: take, submit, review"
        testId="tasks"
        pressed={tasksAreOpen.value}
        onClick={() => act("tasks")}
      >
        {openComments.value.length > 0 ? `Tasks · ${openComments.value.length}` : "Tasks"}
      </Button>
      <Button
        label="Findings: what is probably wrong"
        testId="findings"
        pressed={findingsAreOpen.value}
        onClick={() => act("findings")}
      >
        {findings.value.length > 0 ? `Findings · ${findings.value.length}` : "Findings"}
      </Button>
      <span class="filler" />
      {placing.value && (
        <span class="quiet" role="status" data-testid="placing">
          Following it through the frames…
        </span>
      )}
      <SaveState />
      <KeyPreset />
      <Button label="Help: keys and gestures" testId="help" pressed={helpIsOpen.value} onClick={() => act("help")}>
        ?
      </Button>
    </header>
  );
}

function RecordingPicker(): JSX.Element {
  const entries = project.value?.recordings ?? [];
  const options = entries.map(({ name, frames }) => ({ value: name, title: `${name} · ${frames} frames` }));
  return (
    <Select label="Recording" value={recordingName.value} options={options} testId="recording" onChoose={openOther} />
  );
}

/** Another recording is another page; edits not yet acknowledged are kept and sent when this one is opened again. */
function openOther(name: string): void {
  const address = new URL(window.location.href);
  address.searchParams.set("recording", name);
  window.location.assign(address);
}

function FrameNumber(): JSX.Element {
  const seconds = clock.value.secondsAt(frame.value).toFixed(2);
  return (
    <span class="frame-number" aria-label="Frame and time">
      <b data-testid="frame-number">{frame.value + 1}</b>
      <span class="quiet"> / {frameCount.value}</span>
      <span class="seconds">{seconds} s</span>
    </span>
  );
}

function Tools(): JSX.Element {
  const options = [...classes.value.keys()].map((name) => ({ value: name, title: name }));
  return (
    <div class="group" role="group" aria-label="Tool">
      <Button
        label="Select objects"
        icon="pointer"
        testId="tool-select"
        pressed={tool.value === "select"}
        onClick={() => (tool.value = "select")}
      />
      <Button
        label="Create an object: then click in the scene"
        icon="create"
        testId="tool-create"
        pressed={tool.value === "create"}
        onClick={() => act("create")}
      >
        New
      </Button>
      <Button
        label="Calibrate a camera: pick LiDAR points and their pixels"
        testId="tool-calibrate"
        pressed={tool.value === "calibrate"}
        onClick={() => (tool.value = tool.peek() === "calibrate" ? "select" : "calibrate")}
      >
        Calibrate
      </Button>
      <span class="swatch" style={{ background: colorOf(newClass.value) }} aria-hidden="true" />
      <Select
        label="Class of a new object"
        value={newClass.value}
        options={options}
        testId="new-class"
        onChoose={(name) => (newClass.value = name)}
      />
    </div>
  );
}

function KeyPreset(): JSX.Element {
  const options = Object.entries(PRESET_TITLES).map(([value, title]) => ({ value, title }));
  return (
    <Select
      label="Key preset"
      value={preset.value}
      options={options}
      testId="key-preset"
      onChoose={(name) => (preset.value = name as PresetName)}
    />
  );
}
