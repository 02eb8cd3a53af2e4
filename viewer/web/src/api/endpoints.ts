/** The server's addresses, one function each. */

import { askBytes, askJson } from "./client";
import { decodePacket, type LabelsPacket } from "./packet";
import type {
  Act,
  Board,
  DriftReply,
  Edit,
  EditReply,
  FindingsReply,
  FitReply,
  PickMessage,
  PicksReply,
  PlaceReply,
  PoseReply,
  Precedent,
  Project,
  Recording,
  Vec3,
  Verdict,
} from "./types";

const EDIT_TIMEOUT_MS = 15_000;
const HEALTH_TIMEOUT_MS = 2_500;
/** The first solve of a recording reads all of it. */
const SOLVE_TIMEOUT_MS = 600_000;

function under(recording: string, path: string): string {
  return `/api/recordings/${encodeURIComponent(recording)}${path}`;
}

export function getHealth(): Promise<{ ok: boolean }> {
  return askJson("/api/health", { timeoutMs: HEALTH_TIMEOUT_MS });
}

export function getProject(): Promise<Project> {
  return askJson("/api/project");
}

export function getRecording(name: string): Promise<Recording> {
  return askJson(under(name, ""));
}

export function getScene(name: string): Promise<ArrayBuffer> {
  return askBytes(under(name, "/scene.rrd"));
}

export function getSensors(name: string, frame: number, signal: AbortSignal): Promise<ArrayBuffer> {
  return askBytes(under(name, `/frames/${frame}/sensors.rrd`), { signal });
}

export interface LabelsQuery {
  readonly first: number;
  readonly last: number;
  /** Only these tracks' cuboids; null for all. */
  readonly tracks: readonly string[] | null;
  /** The track to be drawn highlighted. */
  readonly selected: string | null;
}

export async function getLabels(name: string, query: LabelsQuery, signal: AbortSignal): Promise<LabelsPacket> {
  const asked = new URLSearchParams({ first: String(query.first), last: String(query.last) });
  for (const id of query.tracks ?? []) asked.append("track", id);
  if (query.selected !== null) asked.set("selected", query.selected);
  return decodePacket(await askBytes(under(name, `/labels?${asked}`), { signal }));
}

export function getPointCounts(name: string, frame: number, signal: AbortSignal): Promise<Record<string, number>> {
  return askJson(under(name, `/frames/${frame}/points`), { signal });
}

export function getPose(name: string, frame: number, track: string, signal: AbortSignal): Promise<PoseReply> {
  return askJson(under(name, `/frames/${frame}/pose?${new URLSearchParams({ track })}`), { signal });
}

/** Points near a place: rows of offset x, y, z from it, and a shade. */
export async function getCrop(
  name: string,
  frame: number,
  centre: Vec3,
  radiusM: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const [x, y, z] = centre.map(String) as [string, string, string];
  const asked = new URLSearchParams({ x, y, z, radius_m: String(radiusM) });
  return new Float32Array(await askBytes(under(name, `/frames/${frame}/crop?${asked}`), { signal }));
}

export function placeObject(name: string, frame: number, position: Vec3, className: string): Promise<PlaceReply> {
  const body = { frame, position_m: position, class_name: className };
  return askJson(under(name, "/place"), { body, timeoutMs: SOLVE_TIMEOUT_MS });
}

export function placeInPhoto(
  name: string,
  frame: number,
  seen: { readonly camera: string; readonly pixel: readonly [number, number] },
  className: string,
): Promise<PlaceReply> {
  const body = { frame, ...seen, class_name: className };
  return askJson(under(name, "/place-in-photo"), { body, timeoutMs: SOLVE_TIMEOUT_MS });
}

/** The nearest LiDAR point, null where there is none near. */
export async function snapToPoint(name: string, frame: number, position: Vec3): Promise<Vec3 | null> {
  const body = { frame, position_m: position };
  const found: { position_m: Vec3 | null } = await askJson(under(name, "/calibration/snap"), { body });
  return found.position_m;
}

export function solvePicks(name: string, camera: string, picks: readonly PickMessage[]): Promise<PicksReply> {
  return askJson(under(name, "/calibration/picks"), { body: { camera, picks } });
}

/** What picks or a drift would change in a photo, for Rerun; without either, what takes it away. */
export function previewRig(
  name: string,
  frame: number,
  camera: string,
  proposed: { readonly picks: readonly PickMessage[]; readonly turn: Vec3 | null },
): Promise<ArrayBuffer> {
  const body = { frame, camera, picks: proposed.picks, turn_rad: proposed.turn };
  return askBytes(under(name, "/calibration/preview.rrd"), { body });
}

export function measureDrift(name: string, camera: string, frames: readonly number[]): Promise<DriftReply> {
  return askJson(under(name, "/calibration/drift"), { body: { camera, frames }, timeoutMs: SOLVE_TIMEOUT_MS });
}

export function refitCuboid(name: string, trackId: string, frame: number): Promise<FitReply> {
  return askJson(under(name, "/fitting/refit"), { body: { track_id: trackId, frame } });
}

export function solveTrack(name: string, trackId: string): Promise<FitReply> {
  return askJson(under(name, "/fitting/solve"), { body: { track_id: trackId }, timeoutMs: SOLVE_TIMEOUT_MS });
}

export function postEdit(name: string, key: string, expected: Record<string, number>, edit: Edit): Promise<EditReply> {
  return askJson(under(name, "/edits"), { body: { key, expected, edit }, timeoutMs: EDIT_TIMEOUT_MS });
}

export function postUndo(name: string, key: string): Promise<EditReply> {
  return askJson(under(name, "/undo"), { body: { key }, timeoutMs: EDIT_TIMEOUT_MS });
}

export function postRedo(name: string, key: string): Promise<EditReply> {
  return askJson(under(name, "/redo"), { body: { key }, timeoutMs: EDIT_TIMEOUT_MS });
}

export function getFindings(name: string): Promise<FindingsReply> {
  return askJson(under(name, "/findings"));
}

export function postVerdict(name: string, key: string, verdict: Verdict): Promise<FindingsReply> {
  return askJson(under(name, "/findings/verdicts"), { body: { key, verdict }, timeoutMs: EDIT_TIMEOUT_MS });
}

export function getBoard(name: string): Promise<Board> {
  return askJson(under(name, "/review"));
}

export function postAct(name: string, key: string, act: Act): Promise<Board> {
  return askJson(under(name, "/review"), { body: { key, act }, timeoutMs: EDIT_TIMEOUT_MS });
}

/** What was decided before, in which the words occur. */
export function getPrecedents(text: string, rule: string): Promise<Precedent[]> {
  return askJson(`/api/precedents?${new URLSearchParams({ text, rule })}`);
}

/** How the project stands, as an HTML page. */
export function getReport(): Promise<ArrayBuffer> {
  return askBytes("/api/report");
}
