/** Short messages at the foot of the scene. */

import type { JSX } from "preact";
import { dismiss, notices } from "../workbench/notices";
import { Button } from "./controls";

export function NoticeList(): JSX.Element {
  return (
    <div class="notices" role="status" aria-live="polite" data-testid="notices">
      {notices.value.map((notice) => (
        <p key={notice.id} class={`notice ${notice.kind}`}>
          <span>{notice.text}</span>
          <Button label="Dismiss" icon="close" onClick={() => dismiss(notice.id)} />
        </p>
      ))}
    </div>
  );
}
