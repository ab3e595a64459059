import { describe, expect, test } from 'vitest';
import { buildAudioSpecificConfig, parseAudioSpecificConfig } from '../../src/codecs/aac.ts';
import { elementsOf } from '../../src/codecs/aac-elements.ts';
import { parseMuxElement, type StreamMux } from '../../src/codecs/latm.ts';
import { BitReader, BitWriter } from '../../src/core/bits.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

interface Fields {
  readonly version?: number;
  readonly versionA?: number;
  readonly isSameFraming?: boolean;
  readonly programs?: number;
  readonly layers?: number;
  readonly frameLengthType?: number;
  /** Hexadecimal, and how many of its bits count. */
  readonly config?: string;
  readonly configBits?: number;
  readonly frames?: readonly Uint8Array[];
  readonly otherBits?: number;
  readonly hasCrc?: boolean;
  readonly usesSame?: boolean;
}

/** LatmGetValue. */
function writeValue(bits: BitWriter, value: number): void {
  const size = value < 256 ? 1 : value < 65_536 ? 2 : 3;
  bits.u(size - 1, 2).u(value, size * 8);
}

const FRAME = Uint8Array.from({ length: 20 }, (_, i) => i * 13);

/** AudioMuxElement(1). */
function element(fields: Fields = {}): Uint8Array {
  const { frames = [FRAME], usesSame = false, otherBits = 0 } = fields;
  const bits = new BitWriter().flag(usesSame);
  if (!usesSame) writeMux(bits, fields, frames.length);
  for (const frame of frames) {
    for (let left = frame.length; left >= 0; left -= 255) bits.u(Math.min(left, 255), 8);
    for (const byte of frame) bits.u(byte, 8);
  }
  return bits.u(0, otherBits % 32).bytes();
}

function writeMux(bits: BitWriter, fields: Fields, frames: number): void {
  const { version = 0, versionA = 0, isSameFraming = true, programs = 1, layers = 1 } = fields;
  const { frameLengthType = 0, config = '1190', otherBits = 0, hasCrc = false } = fields;
  const { configBits = config.length * 4 } = fields;
  bits.u(version, 1);
  if (version === 1) bits.u(versionA, 1);
  if (version === 1) writeValue(bits, 70_000);
  bits
    .flag(isSameFraming)
    .u(frames - 1, 6)
    .u(programs - 1, 4)
    .u(layers - 1, 3);
  if (version === 1) writeValue(bits, configBits);
  const reader = new BitReader(bytesOf(config));
  for (let i = 0; i < configBits; i++) bits.flag(reader.flag());
  bits
    .u(frameLengthType, 3)
    .u(255, 8)
    .flag(otherBits > 0);
  if (otherBits > 0 && version === 1) writeValue(bits, otherBits);
  else if (otherBits > 0)
    bits
      .flag(true)
      .u(otherBits >> 8, 8)
      .flag(false)
      .u(otherBits & 255, 8);
  bits.flag(hasCrc);
  if (hasCrc) bits.u(0x5a, 8);
}

const EXPLICIT = hexOf(
  buildAudioSpecificConfig({
    objectType: 2,
    samplingRate: 24_000,
    channelConfiguration: 1,
    extensionRate: 48_000,
    ps: true,
  }),
);
const IN_BAND = hexOf(
  buildAudioSpecificConfig({
    objectType: 2,
    samplingRate: 48_000,
    channelConfiguration: 0,
    elements: elementsOf(12),
  }),
);
const LONG = Uint8Array.from({ length: 600 }, (_, i) => i);

const ELEMENTS: readonly (Fields & { readonly name: string; readonly record?: string })[] = [
  { name: 'LC' },
  { name: 'LC of 960 samples', config: '1194' },
  { name: 'HE-AAC v2', config: EXPLICIT, configBits: 25, record: EXPLICIT },
  { name: 'channels by a program config element', config: IN_BAND },
  { name: 'core coder delay and extension flag', config: '11928004', configBits: 31 },
  { name: 'other data and an error check', otherBits: 300, hasCrc: true },
  { name: 'three frames', frames: [FRAME, LONG, FRAME.subarray(0, 1)] },
  { name: 'a frame of 255 bytes', frames: [LONG.subarray(0, 255)] },
  { name: 'version 1', version: 1 },
  { name: 'version 1 with SBR behind the configuration', version: 1, config: '139056e59d4880' },
  { name: 'version 1 with fill bits', version: 1, config: '11900000', configBits: 29, record: '11900000' },
  { name: 'version 1, other data, check', version: 1, otherBits: 17, hasCrc: true },
];

describe.each(ELEMENTS)('$name', ({ record, ...fields }) => {
  const { config = '1190', frames = [FRAME] } = fields;

  test('configuration and frames are read to the bit', () => {
    const read = parseMuxElement(element(fields), null);
    expect(hexOf(read?.mux.record ?? FRAME)).toBe(record ?? config);
    expect(read?.frames).toEqual(frames);
    expect(read?.mux.frames).toBe(frames.length);
  });

  test('the next element refers to it', () => {
    const mux = parseMuxElement(element(fields), null)?.mux ?? null;
    const next = element({ ...fields, usesSame: true });
    expect(parseMuxElement(next, mux)).toEqual({ mux, frames });
    expect(parseMuxElement(next, null)).toBeNull();
  });

  test('damage', () => {
    const mux: StreamMux = { record: bytesOf('1190'), frames: 2 };
    expectMediaErrors(element(fields).subarray(0, 60), (mutant) => parseMuxElement(mutant, mux));
  });
});

test.each<Fields & { readonly what: string }>([
  { what: 'audioMuxVersionA', version: 1, versionA: 1 },
  { what: 'different framing of streams', isSameFraming: false },
  { what: 'two programs', programs: 2 },
  { what: 'two layers', layers: 2 },
  { what: 'frames of constant length', frameLengthType: 1 },
  { what: 'ELD without a length', config: 'f8e62000' },
])('unsupported: $what', (fields) => {
  expect(() => parseMuxElement(element(fields), null)).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
});

test('corrupt: a frame beyond its element, one of no bytes', () => {
  const mux: StreamMux = { record: bytesOf('1190'), frames: 1 };
  for (const bytes of [element().subarray(0, 20), element({ frames: [new Uint8Array(0)] }), bytesOf('')])
    expect(() => parseMuxElement(bytes, mux)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

test.for([
  { layout: 'mono', rate: 44_100 },
  { layout: 'stereo', rate: 48_000 },
  { layout: '5.1', rate: 48_000 },
  { layout: '7.1', rate: 32_000 },
  { layout: '6.1(front)', rate: 48_000 },
])("ffmpeg's $layout at $rate Hz: its own extradata", ({ layout, rate }, context) => {
  needsFfmpeg(context);
  const source = ['-f', 'lavfi', '-i', `anullsrc=r=${rate}:cl=${layout}`, '-t', '0.2'];
  const latm = run('ffmpeg', [...source, '-c:a', 'aac', '-f', 'latm', '-'], new Uint8Array()).stdout;
  const shown = ['-f', 'loas', '-show_entries', 'stream=channels,extradata', '-show_data', '-of', 'json'];
  const told = JSON.parse(run('ffprobe', [...shown, '-i', '-'], latm).stdout.toString()).streams[0];
  const dump: string = told.extradata;
  const extradata = dump
    .split('\n')
    .map((line) => line.slice(10, 50).replaceAll(' ', ''))
    .join('');
  const read = parseMuxElement(Uint8Array.from(latm.subarray(3)), null);
  const record = read?.mux.record ?? new Uint8Array(0);
  expect(hexOf(record)).toBe(extradata);
  expect(parseAudioSpecificConfig(record)).toMatchObject({ samplingRate: rate, channels: told.channels });
});
