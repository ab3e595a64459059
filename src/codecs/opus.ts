import { ByteCursor } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';

/** Identification header: RFC 7845, 5.1. */
export interface OpusHead {
  readonly channels: number;
  /** Samples at 48 kHz that a decoder gives before the first one that was encoded. */
  readonly preSkip: number;
  /** Of what was encoded: decoding is at 48 kHz all the same. */
  readonly inputSampleRate: number;
  /** Q7.8 dB. */
  readonly gain: number;
  readonly mappingFamily: number;
  /** Null with mapping family 0. */
  readonly mapping: OpusMapping | null;
}

export interface OpusMapping {
  readonly streams: number;
  readonly coupled: number;
  /** One byte a channel. */
  readonly channels: Uint8Array;
}

const MAGIC = [...'OpusHead'].map((char) => char.charCodeAt(0));

/** @throws MediaError `corrupt`, `truncated` */
export function parseOpusHead(bytes: Uint8Array): OpusHead {
  const cursor = new ByteCursor(bytes);
  if (MAGIC.some((byte) => cursor.u8() !== byte)) throw corrupt('No OpusHead');
  const version = cursor.u8();
  if (version > 15) throw corrupt(`OpusHead of version ${version}`);
  const channels = cursor.u8();
  const [preSkip, inputSampleRate, gain] = [swap16(cursor.u16()), swap32(cursor.u32()), swap16(cursor.u16())];
  return head(cursor, { channels, preSkip, inputSampleRate, gain: (gain << 16) >> 16 });
}
const swap16 = (value: number): number => ((value & 255) << 8) | (value >> 8);
const swap32 = (value: number): number => swap16(value & 0xffff) * 2 ** 16 + swap16(value >>> 16);

/** Content of the `dOps` box. @throws MediaError `corrupt`, `truncated` */
export function parseDops(bytes: Uint8Array): OpusHead {
  const cursor = new ByteCursor(bytes);
  if (cursor.u8() !== 0) throw corrupt('dOps of another version');
  const channels = cursor.u8();
  return head(cursor, { channels, preSkip: cursor.u16(), inputSampleRate: cursor.u32(), gain: cursor.i16() });
}
function head(cursor: ByteCursor, fields: Omit<OpusHead, 'mappingFamily' | 'mapping'>): OpusHead {
  const mappingFamily = cursor.u8();
  if (fields.channels === 0 || (mappingFamily === 0 && fields.channels > 2))
    throw corrupt(`Opus with ${fields.channels} channels`);
  const mapping =
    mappingFamily === 0
      ? null
      : { streams: cursor.u8(), coupled: cursor.u8(), channels: cursor.bytes(fields.channels) };
  return { ...fields, mappingFamily, mapping };
}

export function dOpsRecord({
  channels,
  preSkip,
  inputSampleRate,
  gain,
  mappingFamily,
  mapping,
}: OpusHead): Uint8Array {
  const tail = mapping ? [mapping.streams, mapping.coupled, ...mapping.channels] : [];
  const record = Uint8Array.of(0, channels, 0, 0, 0, 0, 0, 0, 0, 0, mappingFamily, ...tail);
  const view = new DataView(record.buffer);
  view.setUint16(2, preSkip);
  view.setUint32(4, inputSampleRate);
  view.setInt16(8, gain);
  return record;
}

/** Samples of a frame by the configuration in the table of contents: RFC 6716, 3.1. */
function frameSamplesOf(configuration: number): number {
  if (configuration < 12) return [480, 960, 1920, 2880][configuration & 3] ?? 0;
  if (configuration < 16) return configuration & 1 ? 960 : 480;
  return 120 << (configuration & 3);
}

const MAX_PACKET = 5760;

/** Samples at 48 kHz; null for what is no packet: RFC 6716, 3.2. */
export function opusPacketSamples(packet: Uint8Array): number | null {
  const [toc, second = 0] = packet;
  if (toc === undefined) return null;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : second & 63;
  const samples = frames * frameSamplesOf(toc >> 3);
  return samples > 0 && samples <= MAX_PACKET ? samples : null;
}

/** Replaced by the audio work. */
export const silentOpusPacket = (_: OpusHead, samples: number): Uint8Array | null =>
  samples < 0 ? new Uint8Array(0) : null;
