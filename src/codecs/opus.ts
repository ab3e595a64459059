import { ByteCursor } from '../core/bytes.ts';
import { corrupt, unsupported } from '../core/errors.ts';

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

/** Mapping family of projected ambisonics, which has a matrix where others have a table: RFC 8486, 3.2. */
const PROJECTION = 3;
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

/** Content of the `dOps` box: the fields of the identification header, big-endian. @throws MediaError `corrupt`, `truncated` */
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
  if (mappingFamily === PROJECTION) throw unsupported('Opus with a demixing matrix');
  return {
    ...fields,
    mappingFamily,
    mapping: mappingFamily === 0 ? null : readMapping(cursor, fields.channels),
  };
}

/** A channel that no stream feeds. */
const NO_STREAM = 255;

/** Channel mapping table: RFC 7845, 5.1.1. */
function readMapping(cursor: ByteCursor, count: number): OpusMapping {
  const [streams, coupled, channels] = [cursor.u8(), cursor.u8(), cursor.bytes(count).slice()];
  const decoded = streams + coupled;
  const isSane = streams > 0 && coupled <= streams && decoded <= 255;
  if (!isSane || channels.some((index) => index >= decoded && index !== NO_STREAM))
    throw corrupt(`Opus with an impossible mapping: ${streams} streams, ${coupled} of them coupled`);
  return { streams, coupled, channels };
}

/** Content of the `dOps` box: Encapsulation of Opus in ISO Base Media File Format, 4.3.2. */
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

/** CELT, full band, frames of 2.5, 5, 10 and 20 ms: RFC 6716, 3.1. */
const SILENT_MODES = [
  { configuration: 31, samples: 960 },
  { configuration: 30, samples: 480 },
  { configuration: 29, samples: 240 },
  { configuration: 28, samples: 120 },
] as const;
/** The first symbol of a CELT frame says silence when all bits before it in the range coder are set: 4.3. */
const SILENT_FRAME = [0xff, 0xfe];
const STEREO = 4;
/** One frame; a signalled number of equal frames: 3.2. */
const CODE = { one: 0, counted: 3 } as const;

/**
 * A packet of silence, every stream of it: RFC 7845, 3, with all streams but the last self-delimited (RFC 6716,
 * Appendix B). Null for what no packet lasts: a packet is a multiple of 2.5 ms up to 120 ms, in at most 48 frames.
 * @param samples at 48 kHz
 */
export function silentOpusPacket({ channels, mapping }: OpusHead, samples: number): Uint8Array | null {
  const mode = SILENT_MODES.find((candidate) => samples % candidate.samples === 0);
  if (!mode || samples <= 0 || samples > MAX_PACKET) return null;
  const frames = samples / mode.samples;
  const { streams, coupled } = mapping ?? { streams: 1, coupled: channels - 1 };
  const bytes: number[] = [];
  for (let stream = 0; stream < streams; stream++) {
    const isStereo = stream < coupled;
    const code = frames === 1 ? CODE.one : CODE.counted;
    bytes.push(mode.configuration * 8 + (isStereo ? STEREO : 0) + code);
    if (code === CODE.counted) bytes.push(frames);
    if (stream < streams - 1) bytes.push(SILENT_FRAME.length);
    for (let frame = 0; frame < frames; frame++) bytes.push(...SILENT_FRAME);
  }
  return Uint8Array.from(bytes);
}
