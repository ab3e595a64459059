import { fullBox, type Part, serialize, u8, u16, u24, u32 } from './box.ts';
import type { Bitrate } from './entry-parts.ts';

/** Tags of descriptors: ISO/IEC 14496-1, 7.2.2.1. */
const TAG = { elementaryStream: 3, decoderConfig: 4, decoderSpecificInfo: 5, syncLayerConfig: 6 } as const;
/** objectTypeIndication: ISO/IEC 14496-1, 7.2.6.6. */
export const OBJECT_TYPES = { mpeg4Audio: 0x40, mpeg2Audio: 0x69, mpeg1Audio: 0x6b } as const;
/** streamType of audio: ISO/IEC 14496-1, 7.2.6.6. */
const AUDIO_STREAM = (5 << 2) | 1;
/** Sync layer of MP4 files: ISO/IEC 14496-14, 3.1.2. */
const SYNC_LAYER_MP4 = 2;

export interface ElementaryStream {
  readonly objectType: number;
  /** DecoderSpecificInfo; null for object types without one. */
  readonly specific: Uint8Array | null;
  readonly bitrate: Bitrate | null;
}

/** Elementary Stream Descriptor: ISO/IEC 14496-14, 6.7.2. */
export const esds = ({ objectType, specific, bitrate }: ElementaryStream): Part =>
  fullBox(
    { type: 'esds', version: 0, flags: 0 },
    descriptor(
      TAG.elementaryStream,
      u16(0),
      u8(0),
      descriptor(
        TAG.decoderConfig,
        u8(objectType, AUDIO_STREAM),
        u24(0),
        u32(bitrate?.peak ?? 0, bitrate?.average ?? 0),
        ...(specific ? [descriptor(TAG.decoderSpecificInfo, specific)] : []),
      ),
      descriptor(TAG.syncLayerConfig, u8(SYNC_LAYER_MP4)),
    ),
  );

/** Tag and expandable size, seven bits a byte: ISO/IEC 14496-1, 8.3.3. */
function descriptor(tag: number, ...content: readonly Part[]): Uint8Array {
  const body = serialize(...content);
  const size = [body.length & 127];
  for (let rest = body.length >> 7; rest > 0; rest >>= 7) size.unshift(128 | (rest & 127));
  return serialize(u8(tag, ...size), body);
}
