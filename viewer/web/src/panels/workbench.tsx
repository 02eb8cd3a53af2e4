/** The whole page. */

import type { JSX } from "preact";
import { CalibrationPanel } from "./calibration";
import { FindingsPanel } from "./findings";
import { Help } from "./help";
import { NoticeList } from "./noticelist";
import { ObjectPanel } from "./objectpanel";
import { ObstacleDialog } from "./obstacle";
import { SceneFrame } from "./scene";
import { TasksPanel } from "./tasks";
import { TimeLine } from "./timeline";
import { TopBar } from "./topbar";
import { TrackList } from "./tracklist";

export function Workbench(): JSX.Element {
  return (
    <div class="workbench">
      <TopBar />
      <TrackList />
      <main class="middle">
        <SceneFrame />
        <TimeLine />
        <NoticeList />
        <CalibrationPanel />
        <TasksPanel />
        <FindingsPanel />
      </main>
      <ObjectPanel />
      <Help />
      <ObstacleDialog />
    </div>
  );
}

export function CannotOpen({ reason }: { readonly reason: string }): JSX.Element {
  return (
    <main class="cannot-open">
      <h1>Boxwright cannot open</h1>
      <p class="message">{reason}</p>
    </main>
  );
}
