/** What the selected object is: class, attributes, and the states and presence that hold in this frame. */

import type { JSX } from "preact";
import type { Choice, PresenceKind, Track } from "../api/types";
import { submit } from "../edits/queue";
import { flushNudge } from "../edits/nudge";
import { placement } from "../workbench/pose";
import { classes, clock } from "../workbench/recording";
import { frame } from "../workbench/selection";
import { scope, SCOPE_TITLES, spanInScope, type Scope } from "../workbench/scope";
import { Button, Select, type Option } from "./controls";

const NONE: Option = { value: "", title: "—" };
const PRESENCES: readonly PresenceKind[] = ["observed", "occluded", "absent"];

export function ClassChoice({ track }: { readonly track: Track }): JSX.Element {
  const names = new Set([...classes.value.keys(), track.class_name]);
  const set = (class_name: string): void => {
    flushNudge();
    submit({ kind: "set_class", track_id: track.id, class_name });
  };
  return (
    <Select
      label="Class"
      value={track.class_name}
      options={[...names].map(plainOption)}
      onChoose={set}
      testId="field-class"
    />
  );
}

export function Attributes({ track }: { readonly track: Track }): JSX.Element | null {
  const choices = classes.value.get(track.class_name)?.attributes ?? [];
  if (choices.length === 0) return null;
  return (
    <div class="choices" role="group" aria-label="Attributes">
      {choices.map((choice) => (
        <Labelled key={choice.name} name={choice.name}>
          <Select
            label={`Attribute ${choice.name}`}
            value={track.attributes?.[choice.name] ?? ""}
            options={optionsOf(choice)}
            onChoose={(value) =>
              submit({ kind: "set_attribute", track_id: track.id, name: choice.name, value: value || null })
            }
            testId={`attribute-${choice.name}`}
          />
        </Labelled>
      ))}
    </div>
  );
}

/** Presence and states hold for stretches of time: which stretch is chosen once, for all of them. */
export function InTime({ track }: { readonly track: Track }): JSX.Element {
  const choices = classes.value.get(track.class_name)?.states ?? [];
  return (
    <div class="choices" role="group" aria-label="Presence and states">
      <Labelled name="applies to">
        <ScopeChoice />
      </Labelled>
      <div class="segmented" role="group" aria-label="Presence">
        {PRESENCES.map((kind) => (
          <Button
            key={kind}
            label={`${kind}: ${SCOPE_TITLES[scope.value]}`}
            pressed={placement.value?.presence === kind}
            onClick={() => submit({ kind: "set_presence", track_id: track.id, ...spanInScope(), presence: kind })}
            testId={`presence-${kind}`}
          >
            {kind}
          </Button>
        ))}
      </div>
      {choices.map((choice) => (
        <StateChoice key={choice.name} track={track} choice={choice} />
      ))}
    </div>
  );
}

function ScopeChoice(): JSX.Element {
  const options = Object.entries(SCOPE_TITLES).map(([value, title]) => ({ value, title }));
  return (
    <Select
      label="Presence and states apply to"
      value={scope.value}
      options={options}
      onChoose={(value) => (scope.value = value as Scope)}
      testId="scope"
    />
  );
}

function StateChoice({ track, choice }: { readonly track: Track; readonly choice: Choice }): JSX.Element {
  const now = track.states.find((state) => state.name === choice.name && clock.value.touches(state, frame.value));
  return (
    <Labelled name={choice.name}>
      <Select
        label={`State ${choice.name}`}
        value={now?.value ?? ""}
        options={optionsOf(choice)}
        onChoose={(value) => setState(track, choice.name, value)}
        testId={`state-${choice.name}`}
      />
    </Labelled>
  );
}

function setState(track: Track, name: string, value: string): void {
  const span = spanInScope();
  if (value) submit({ kind: "set_state", track_id: track.id, state: { name, value, ...span } });
  else submit({ kind: "clear_state", track_id: track.id, name, ...span });
}

function Labelled({ name, children }: { readonly name: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <div class="labelled">
      <span>{name}</span>
      {children}
    </div>
  );
}

function optionsOf(choice: Choice): Option[] {
  return [NONE, ...choice.values.map(plainOption)];
}

function plainOption(name: string): Option {
  return { value: name, title: name };
}
