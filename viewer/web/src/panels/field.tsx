/** A numeric field: Enter or leaving it applies, Escape takes the typing back. */

import { useSignal } from "@preact/signals";
import type { JSX, TargetedKeyboardEvent } from "preact";

interface FieldProps {
  readonly label: string;
  readonly title: string;
  readonly value: number | null;
  readonly digits: number;
  readonly step: number;
  readonly testId: string;
  readonly least?: number;
  readonly onApply: (value: number) => void;
}

export function NumberField(props: FieldProps): JSX.Element {
  const typed = useSignal<string | null>(null);
  const shown = props.value === null ? "" : props.value.toFixed(props.digits);
  const apply = (): void => {
    const value = Number(typed.value);
    const isNew = typed.value !== null && typed.value.trim() !== "" && typed.value !== shown;
    typed.value = null;
    if (isNew && Number.isFinite(value) && value >= (props.least ?? -Infinity)) props.onApply(value);
  };
  const onKey = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Escape") typed.value = null;
    if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
  };
  return (
    <label class="field" title={props.title}>
      <span>{props.label}</span>
      <input
        type="number"
        class="input"
        aria-label={props.title}
        data-testid={props.testId}
        step={props.step}
        disabled={props.value === null}
        value={typed.value ?? shown}
        onInput={(event) => (typed.value = event.currentTarget.value)}
        onBlur={apply}
        onKeyDown={onKey}
      />
    </label>
  );
}
