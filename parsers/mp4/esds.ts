import { ByteCursor } from '../../src/core/bytes.ts';
import { orNull } from '../../src/core/errors.ts';

/** Bits a second. */
export interface Bitrate {
  readonly average: number;
  readonly peak: number;
}

/** What an elementary stream descriptor says: ISO/IEC 14496-1, 7.2.6.5. */
export interface ElementaryStream {
  /** objectTypeIndication. */
  readonly objectType: number;
  /** DecoderSpecificInfo; null without one. */
  readonly specific: Uint8Array | null;
  /** Null where it says nothing. */
  readonly bitrate: Bitrate | null;
}

const TAG = { elementaryStream: 3, decoderConfig: 4, decoderSpecificInfo: 5 } as const;
const FLAG = { dependence: 0x80, url: 0x40, clock: 0x20 } as const;

/**
 * Content of an `esds` box behind version and flags. A decoder configuration that stands there by itself occurs. Null
 * without one.
 */
export function parseEsds(bytes: Uint8Array): ElementaryStream | null {
  const stream = descriptor(bytes, TAG.elementaryStream);
  const config = descriptor(stream ? behindHead(stream) : bytes, TAG.decoderConfig);
  return config && orNull(() => readConfig(config));
}

function behindHead(stream: Uint8Array): Uint8Array {
  const fields = new ByteCursor(stream);
  orNull(() => {
    fields.skip(2);
    const flags = fields.u8();
    if (flags & FLAG.dependence) fields.skip(2);
    if (flags & FLAG.url) fields.skip(fields.u8());
    if (flags & FLAG.clock) fields.skip(2);
  });
  return fields.bytes(fields.remaining);
}

/** DecoderConfigDescriptor: 7.2.6.6. */
function readConfig(config: Uint8Array): ElementaryStream {
  const fields = new ByteCursor(config);
  const objectType = fields.u8();
  fields.skip(1 + 3);
  const [peak, average] = [fields.u32(), fields.u32()];
  const specific = descriptor(fields.bytes(fields.remaining), TAG.decoderSpecificInfo);
  return {
    objectType,
    specific: specific?.length ? specific.slice() : null,
    bitrate: average > 0 || peak > 0 ? { average, peak } : null,
  };
}

/** Bytes that tell the size of a descriptor. */
const MAX_SIZE_BYTES = 4;

/** The first descriptor with a tag, cut off where the bytes end. Tag and expandable size: 8.3.3. */
function descriptor(bytes: Uint8Array, wanted: number): Uint8Array | null {
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++];
    let size = 0;
    for (let left = MAX_SIZE_BYTES; left > 0; left--) {
      const byte = bytes[at++] ?? 0;
      size = size * 128 + (byte & 127);
      if (byte < 128) break;
    }
    if (tag === wanted) return bytes.subarray(at, at + size);
    at += size;
  }
  return null;
}
