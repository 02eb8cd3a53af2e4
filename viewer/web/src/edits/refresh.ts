/** Others may edit the same recording: labels newer than anything this page caused are the sign to look again. */

import { getRecording } from "../api/endpoints";
import { recordingName, revision, takeRefresh } from "../workbench/recording";
import { queued } from "./queue";

let refreshing = false;

export async function noticeRevision(seen: number): Promise<void> {
  if (refreshing || seen <= revision.peek() || queued.peek().length > 0) return;
  refreshing = true;
  const fresh = await getRecording(recordingName.peek()).catch(() => null);
  refreshing = false;
  if (fresh && queued.peek().length === 0) takeRefresh(fresh);
}
