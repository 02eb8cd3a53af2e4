/** While nothing is being saved, ask now and then whether the server is still there, and say so honestly. */

import { getHealth } from "../api/endpoints";
import { Refused } from "../api/client";
import { queued, serverAnswers } from "./queue";

const PERIOD_MS = 3_000;

export function startHeartbeat(): void {
  setInterval(() => void beat(), PERIOD_MS);
}

async function beat(): Promise<void> {
  if (queued.peek().length > 0 || document.hidden) return;
  const answered = await getHealth().then(
    () => true,
    (error: unknown) => error instanceof Refused,
  );
  if (queued.peek().length === 0) serverAnswers.value = answered;
}
