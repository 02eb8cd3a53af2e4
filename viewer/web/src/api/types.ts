/**
 * The HTTP contract between page and server, by the names that the page uses. `schema.d.ts` is generated from the
 * server's OpenAPI by `make types`. Moments are int64 nanoseconds as decimal strings: never JS numbers.
 */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Vec3 = readonly [number, number, number];
/** A quaternion as w, x, y, z. */
export type Quaternion = readonly [number, number, number, number];
export type Nanoseconds = string;

export type Maker = Schemas["Maker"];
export type PresenceKind = Schemas["PresenceKind"];
/** Which side stays when a cuboid is resized: +1 front/left/top, -1 rear/right/bottom, 0 the centre. */
export type Anchor = Schemas["Resize"]["anchor"];
export type AnchorSign = Anchor[number];

export type Knot = Schemas["Knot"];
export type Presence = Schemas["Presence"];
export type TimedState = Schemas["State"];
export type Track = Schemas["TrackRecord"];
export type TrackReply = Schemas["TrackReply"];

export type Choice = Schemas["Choice"];
export type ObjectClass = Schemas["ObjectClass"];
export type Ontology = Schemas["Ontology"];
export type RecordingEntry = Schemas["RecordingSummary"];
export type Project = Schemas["ProjectReply"];
export type FrameTime = Schemas["FrameReply"];
export type Recording = Schemas["RecordingReply"];

export type CuboidInFrame = Schemas["CuboidReply"];
export type FramePacket = Schemas["FrameLabelsReply"];
export type PacketHeader = Schemas["LabelsHead"];
export type PoseReply = Schemas["PoseReply"];

export type PickMessage = Schemas["PickMessage"];
export type PicksReply = Schemas["PicksReply"];
export type DriftReply = Schemas["DriftReply"];
export type Finding = Schemas["FindingReply"];
export type FindingsReply = Schemas["FindingsReply"];
export type Verdict = Schemas["VerdictRequest"]["verdict"];
export type PlaceReply = Schemas["PlaceReply"];
export type FitReply = Schemas["FitReply"];
export type EditReply = Schemas["OutcomeReply"];
export type Board = Schemas["BoardReply"];
export type Task = Schemas["TaskReply"];
export type Comment = Schemas["CommentReply"];
export type Act = Schemas["ActRequest"]["act"];
export type Precedent = Schemas["PrecedentReply"];
export type ConflictReply = Schemas["Problem"];
/** What the page sends; patches come from the server, as proposals. */
export type Edit = Schemas["EditRequest"]["edit"];
