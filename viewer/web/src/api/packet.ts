/** Taking a labels packet apart: a length, that much JSON, and the rest for Rerun. */

import type { PacketHeader } from "./types";

export interface LabelsPacket {
  readonly header: PacketHeader;
  readonly rrd: ArrayBuffer;
}

const LENGTH_BYTES = 4;

export function decodePacket(bytes: ArrayBuffer): LabelsPacket {
  const length = new DataView(bytes).getUint32(0, true);
  const end = LENGTH_BYTES + length;
  const json = new TextDecoder().decode(new Uint8Array(bytes, LENGTH_BYTES, length));
  return { header: JSON.parse(json) as PacketHeader, rrd: bytes.slice(end) };
}
