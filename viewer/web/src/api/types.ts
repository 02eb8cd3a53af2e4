/** The HTTP contract between page and server. Moments are int64 nanoseconds as decimal strings: never JS numbers. */

export type Vec3 = readonly [number, number, number];
/** A quaternion as w, x, y, z. */
export type Quaternion = readonly [number, number, number, number];
export type Nanoseconds = string;

export type Maker = "human" | "solver" | "model" | "import";
export type PresenceKind = "observed" | "occluded" | "absent";
/** Which side stays when a cuboid is resized: +1 front/left/top, -1 rear/right/bottom, 0 the centre. */
export type AnchorSign = -1 | 0 | 1;
export type Anchor = readonly [AnchorSign, AnchorSign, AnchorSign];

export interface Knot {
  readonly time_ns: Nanoseconds;
  readonly position_m: Vec3;
  readonly rotation_wxyz: Quaternion;
  readonly maker: Maker;
}

export interface Presence {
  readonly start_ns: Nanoseconds;
  readonly end_ns: Nanoseconds;
  readonly kind: "observed" | "occluded";
}

export interface TimedState {
  readonly name: string;
  readonly value: string;
  readonly start_ns: Nanoseconds;
  readonly end_ns: Nanoseconds;
}

export interface Track {
  readonly id: string;
  readonly class_name: string;
  readonly size_m: Vec3;
  readonly knots: readonly Knot[];
  readonly presence: readonly Presence[];
  readonly states: readonly TimedState[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TrackReply {
  readonly id: string;
  readonly revision: number;
  readonly track: Track | null;
}

export interface Choice {
  readonly name: string;
  readonly values: readonly string[];
}

export interface ObjectClass {
  readonly name: string;
  readonly color_rgb: Vec3;
  readonly size_m: Vec3;
  readonly yaw_only: boolean;
  readonly attributes: readonly Choice[];
  readonly states: readonly Choice[];
}

export interface Ontology {
  readonly classes: readonly ObjectClass[];
}

export interface RecordingEntry {
  readonly name: string;
  readonly frames: number;
  readonly tracks: number;
}

export interface Project {
  readonly name: string;
  readonly version: string;
  readonly recordings: readonly RecordingEntry[];
  readonly ontology: Ontology;
}

export interface FrameTime {
  readonly time_ns: Nanoseconds;
  readonly middle_ns: Nanoseconds;
}

export interface Recording {
  readonly name: string;
  readonly reference: string;
  readonly frames: readonly FrameTime[];
  readonly cameras: readonly { readonly name: string; readonly width_px: number; readonly height_px: number }[];
  readonly lidars: readonly string[];
  readonly revision: number;
  readonly tracks: readonly TrackReply[];
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

export interface CuboidInFrame {
  readonly track_id: string;
  readonly time_ns: Nanoseconds;
  readonly position_m: Vec3;
  readonly rotation_wxyz: Quaternion;
  readonly presence: "observed" | "occluded";
  readonly distance_m: number;
  readonly at_knot: boolean;
  readonly maker: string | null;
}

export interface FramePacket {
  readonly frame: number;
  readonly cuboids: readonly CuboidInFrame[];
  readonly outlines: Readonly<Record<string, readonly string[]>>;
}

export interface PacketHeader {
  readonly revision: number;
  readonly frames: readonly FramePacket[];
}

export interface PoseReply {
  readonly time_ns: Nanoseconds;
  readonly position_m: Vec3;
  readonly rotation_wxyz: Quaternion;
  readonly presence: PresenceKind;
}

export interface EditReply {
  readonly sequence: number;
  readonly revision: number;
  readonly tracks: readonly TrackReply[];
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

export interface ConflictReply {
  readonly error: string;
  readonly tracks: readonly TrackReply[];
}

export type Edit =
  | { readonly kind: "create_track"; readonly track: Track }
  | { readonly kind: "delete_track"; readonly track_id: string }
  | { readonly kind: "set_knot"; readonly track_id: string; readonly knot: Knot }
  | { readonly kind: "remove_knot"; readonly track_id: string; readonly time_ns: Nanoseconds }
  | {
      readonly kind: "move";
      readonly track_id: string;
      readonly time_ns: Nanoseconds;
      /** In the object's axes: forward, left, up. */
      readonly offset_m: Vec3;
      readonly whole: boolean;
    }
  | {
      readonly kind: "rotate";
      readonly track_id: string;
      readonly time_ns: Nanoseconds;
      /** A rotation vector in the object's axes. */
      readonly rotation_rad: Vec3;
      readonly whole: boolean;
    }
  | { readonly kind: "resize"; readonly track_id: string; readonly size_m: Vec3; readonly anchor: Anchor }
  | { readonly kind: "set_class"; readonly track_id: string; readonly class_name: string }
  | {
      readonly kind: "set_attribute";
      readonly track_id: string;
      readonly name: string;
      readonly value: string | null;
    }
  | { readonly kind: "set_state"; readonly track_id: string; readonly state: TimedState }
  | {
      readonly kind: "clear_state";
      readonly track_id: string;
      readonly name: string;
      readonly start_ns: Nanoseconds;
      readonly end_ns: Nanoseconds;
    }
  | {
      readonly kind: "set_presence";
      readonly track_id: string;
      readonly start_ns: Nanoseconds;
      readonly end_ns: Nanoseconds;
      readonly presence: PresenceKind;
    }
  | { readonly kind: "split"; readonly track_id: string; readonly time_ns: Nanoseconds; readonly new_id: string }
  | { readonly kind: "join"; readonly track_id: string; readonly other_id: string }
  | { readonly kind: "swap"; readonly track_id: string; readonly other_id: string; readonly time_ns: Nanoseconds };
