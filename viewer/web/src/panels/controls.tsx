/** Buttons, selects and icons, so that every control looks and behaves alike. */

import type { ComponentChildren, JSX, TargetedEvent } from "preact";

const ICONS = {
  undo: "M4 7h8a4 4 0 0 1 0 8H7 M4 7l3-3 M4 7l3 3",
  redo: "M16 7H8a4 4 0 0 0 0 8h5 M16 7l-3-3 M16 7l-3 3",
  previous: "M12 5l-5 5 5 5",
  next: "M8 5l5 5-5 5",
  play: "M7 5v10l8-5z",
  pause: "M7 5v10 M13 5v10",
  pointer: "M6 4l9 6-4 1 2 4-2 1-2-4-3 3z",
  create: "M4 7l6-3 6 3v6l-6 3-6-3z M10 8v5 M7.5 10.5h5",
  close: "M6 6l8 8 M14 6l-8 8",
  panels: "M4 5h12v10H4z M8 5v10",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

interface ButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly testId?: string | undefined;
  readonly icon?: IconName;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly tone?: "danger" | "primary";
  readonly children?: ComponentChildren;
}

/** A button; its label is its tooltip and its name for screen readers. */
export function Button(props: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={`button ${props.tone ?? ""} ${props.icon && !props.children ? "square" : ""}`}
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      data-testid={props.testId}
      onClick={props.onClick}
    >
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}

export interface Option {
  readonly value: string;
  readonly title: string;
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChoose: (value: string) => void;
  readonly testId?: string | undefined;
  readonly disabled?: boolean;
}

/** A drop-down list. It gives the focus back, so that keys mean what they mean everywhere. */
export function Select(props: SelectProps): JSX.Element {
  const choose = (event: TargetedEvent<HTMLSelectElement>): void => {
    const { value } = event.currentTarget;
    event.currentTarget.blur();
    props.onChoose(value);
  };
  return (
    <select
      class="select"
      aria-label={props.label}
      title={props.label}
      value={props.value}
      disabled={props.disabled}
      data-testid={props.testId}
      onChange={choose}
    >
      {props.options.map((option) => (
        <option key={option.value} value={option.value} selected={option.value === props.value}>
          {option.title}
        </option>
      ))}
    </select>
  );
}

/** A click with the mouse leaves no focus behind: else Space would press the button again instead of playing. */
export function releaseClickedButtons(): void {
  window.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (event.detail > 0) button?.blur();
  });
}
