import { AC3_CHANNELS } from '../../src/codecs/ac3.ts';
import type { AudioConfig } from '../../src/core/media.ts';
import { bytesOf } from '../helpers/hex.ts';
import type { EncodePlan } from './encoded-audio.ts';

export interface SilenceRow {
  readonly name: string;
  readonly config: AudioConfig;
  readonly sampleRate: number;
  readonly channels: number;
  /** How long each silent frame lasts. */
  readonly samples: number;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const FIELD_32 = 8;

/** ALACSpecificConfig: frameLength, version 0, bitDepth, pb 40, mb, kb 14, channels, maxRun 255, the rest by rate. */
const alacCookie = (channels: number, { depth = 16, frame = 4096, mb = 10 } = {}): Uint8Array =>
  bytesOf(
    `${hex(frame, 8)} 00 ${hex(depth, 2)} 28 ${hex(mb, 2)} 0e ${hex(channels, 2)} 00ff 00000000 00000000 0000bb80`,
  );

const alac = (name: string, record: Uint8Array, samples: number): SilenceRow => ({
  name: `ALAC, ${name}`,
  config: { codec: 'alac', record },
  sampleRate: 48_000,
  channels: record[9] ?? 0,
  samples,
});

export const ALAC_ROWS: readonly SilenceRow[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((channels) => alac(`${channels} channels`, alacCookie(channels), 4096)),
  ...[20, 24, 32].map((depth) => alac(`${depth} bits`, alacCookie(2, { depth }), 4096)),
  ...[1, 2, 1000, 4095].map((samples) => alac(`${samples} of 4096 samples`, alacCookie(2), samples)),
  alac('7.1 of 24 bits, partial', alacCookie(8, { depth: 24 }), 960),
  alac('32 bits, partial', alacCookie(2, { depth: 32 }), 960),
  ...[0, 127, 128, 255].map((mb) => alac(`initial history ${mb}`, alacCookie(1, { mb }), 4096)),
  alac('frames of 65536', alacCookie(2, { frame: 65_536 }), 65_536),
  alac('frames of 1', alacCookie(1, { frame: 1 }), 1),
];

interface FlacRow {
  readonly blocks: readonly [number, number];
  readonly channels: number;
  readonly depth: number;
  readonly samples: number;
}

/** STREAMINFO: block sizes, no frame sizes, rate (20 bits), channels - 1 (3), bits - 1 (5), no total, no MD5. */
const flac = ({ blocks: [min, max], channels, depth, samples }: FlacRow): SilenceRow => ({
  name: `FLAC, ${samples} samples in blocks of ${min} to ${max}, ${channels} channels of ${depth} bits`,
  config: {
    codec: 'flac',
    record: bytesOf(
      `80000022 ${hex(min, 4)} ${hex(max, 4)} 000000 000000 ${hex(
        48_000 * 4096 + (channels - 1) * 512 + (depth - 1) * 16,
        FIELD_32,
      )} 00000000 ${'00'.repeat(16)}`,
    ),
  },
  sampleRate: 48_000,
  channels,
  samples,
});

export const FLAC_ROWS: readonly SilenceRow[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((channels) =>
    flac({ blocks: [4096, 4096], channels, depth: 16, samples: 4096 }),
  ),
  ...[8, 12, 20, 24].map((depth) => flac({ blocks: [1024, 1024], channels: 2, depth, samples: 1024 })),
  flac({ blocks: [256, 4608], channels: 2, depth: 16, samples: 1152 }),
  flac({ blocks: [4096, 4096], channels: 2, depth: 24, samples: 1000 }),
  flac({ blocks: [16, 65_535], channels: 1, depth: 16, samples: 65_535 }),
  flac({ blocks: [16, 16], channels: 1, depth: 16, samples: 16 }),
];

interface OpusRow {
  readonly name: string;
  readonly record: string;
  readonly sizes: readonly number[];
}

/** dOps without pre-skip: version 0, channels, pre-skip, rate, gain, mapping family and table. */
const opus = ({ name, record, sizes }: OpusRow): SilenceRow[] =>
  sizes.map((samples) => ({
    name: `Opus, ${name}, ${samples} samples`,
    config: { codec: 'opus', record: bytesOf(record) },
    sampleRate: 48_000,
    channels: bytesOf(record)[1] ?? 0,
    samples,
  }));

const OPUS_SIZES = [120, 240, 360, 480, 960, 1920, 2880, 3840, 5640, 5760];

export const OPUS_ROWS: readonly SilenceRow[] = [
  { name: 'mono', record: '00 01 0000 0000bb80 0000 00', sizes: OPUS_SIZES },
  { name: 'stereo', record: '00 02 0000 0000bb80 0000 00', sizes: OPUS_SIZES },
  { name: '3.0', record: '00 03 0000 0000bb80 0000 01 0201 000201', sizes: [960] },
  { name: '5.1', record: '00 06 0000 0000bb80 0000 01 0402 000401020305', sizes: OPUS_SIZES },
  { name: '6.1', record: '00 07 0000 0000bb80 0000 01 0502 00040102030506', sizes: [960, 2880] },
  { name: '7.1', record: '00 08 0000 0000bb80 0000 01 0503 0006010203040507', sizes: [120, 960, 5760] },
  { name: 'six streams', record: '00 06 0000 0000bb80 0000 ff 0600 000102030405', sizes: [960, 1920] },
].flatMap(opus);

/** version, rate and channels by the bits of the header; bit rate lowest, highest, free, with padding and a CRC. */
const mp3 = (record: string, sampleRate: number, channels: number): SilenceRow => ({
  name: `MP3, ${sampleRate} Hz, header ${record}`,
  config: { codec: 'mp3', record: bytesOf(record) },
  sampleRate,
  channels,
  samples: sampleRate < 32_000 ? 576 : 1152,
});

export const MP3_ROWS: readonly SilenceRow[] = [
  mp3('fffb9064', 44_100, 2),
  mp3('fffb14c4', 48_000, 1),
  mp3('fffbe844', 32_000, 2),
  mp3('fffa9264', 44_100, 2),
  mp3('fffb0464', 48_000, 2),
  mp3('fff314c4', 24_000, 1),
  mp3('fff3e064', 22_050, 2),
  mp3('fff30400', 24_000, 2),
  mp3('fff388a0', 16_000, 2),
  mp3('ffe320c4', 11_025, 1),
  mp3('ffe31464', 12_000, 2),
  mp3('ffe38864', 8000, 2),
];

const RATES = [48_000, 44_100, 32_000];
const MODES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((acmod) => [0, 1].map((lfe) => ({ acmod, lfe })));
const channelsOf = (acmod: number, lfe: number): number => (AC3_CHANNELS[acmod] ?? 0) + lfe;

/** fscod (2 bits), bsid 8 (5), bsmod (3), acmod (3), lfeon (1), bit_rate_code (5), reserved (5). */
export const dac3 = (fscod: number, { acmod, lfe }: { acmod: number; lfe: number }, code: number) =>
  bytesOf(hex(fscod * 2 ** 22 + 8 * 2 ** 17 + acmod * 2 ** 11 + lfe * 2 ** 10 + code * 32, 6));

export const AC3_ROWS: readonly SilenceRow[] = MODES.map(({ acmod, lfe }, i) => ({
  name: `AC-3, acmod ${acmod}, lfeon ${lfe}, ${RATES[i % 3]} Hz`,
  config: { codec: 'ac3', record: dac3(i % 3, { acmod, lfe }, i) },
  sampleRate: RATES[i % 3] ?? 0,
  channels: channelsOf(acmod, lfe),
  samples: 1536,
}));

interface Dec3Row {
  readonly name: string;
  readonly record: string;
  readonly sampleRate?: number;
  readonly channels: number;
  readonly samples?: number;
}

const eac3 = ({ name, record, sampleRate = 48_000, channels, samples = 1536 }: Dec3Row): SilenceRow => ({
  name: `E-AC-3, ${name}`,
  config: { codec: 'eac3', record: bytesOf(record) },
  sampleRate,
  channels,
  samples,
});

/** data_rate 640 and no second programme; fscod, bsid 16; acmod, lfeon; dependent substreams and their chan_loc. */
export const EAC3_ROWS: readonly SilenceRow[] = [
  ...MODES.map(({ acmod, lfe }, i) =>
    eac3({
      name: `acmod ${acmod}, lfeon ${lfe}, ${RATES[i % 3]} Hz`,
      record: `1400 ${hex((i % 3) * 64 + 32, 2)} ${hex(acmod * 2 + lfe, 2)} 00`,
      sampleRate: RATES[i % 3] ?? 0,
      channels: channelsOf(acmod, lfe),
    }),
  ),
  eac3({ name: 'with Lrs and Rrs in a dependent substream', record: '1400 20 0f 02 02', channels: 8 }),
  eac3({ name: 'with Cs in a dependent substream', record: '1400 20 0f 02 04', channels: 7 }),
  eac3({ name: 'Lrs and Rrs beside an AC-3 core', record: '1400 0c 0f 02 02', channels: 8 }),
  eac3({ name: 'objects, which silence has not', record: '1400 20 0f 00 01 10', channels: 6 }),
  ...[256, 512, 768].flatMap((samples) => [
    eac3({ name: `stereo, ${samples} samples`, record: '1400 20 04 00', channels: 2, samples }),
    eac3({ name: `dual mono, ${samples} samples`, record: '1400 20 00 00', channels: 2, samples }),
    eac3({ name: `7.1, ${samples} samples`, record: '1400 20 0f 02 02', channels: 8, samples }),
  ]),
];

export interface BetweenRow extends EncodePlan {
  readonly codec: AudioConfig['codec'];
  readonly count: number;
  readonly samples: number;
}

const ENCODERS = {
  ac3: { options: ['-c:a', 'ac3'], box: 'dac3', head: 0 },
  eac3: { options: ['-c:a', 'eac3'], box: 'dec3', head: 0 },
  opus: { options: ['-c:a', 'libopus', '-b:a', '96k'], box: 'dOps', head: 0 },
  flac: { options: ['-c:a', 'flac', '-frame_size', '4608'], box: 'dfLa', head: 4 },
  alac: { options: ['-c:a', 'alac'], box: 'alac', head: 4 },
  // Frames of their own: no main data in earlier ones, which silence would displace.
  mp3: { options: ['-c:a', 'libmp3lame', '-reservoir', '0'], box: '', head: 0 },
} as const;

const between = (
  codec: keyof typeof ENCODERS,
  row: Omit<BetweenRow, 'codec' | 'options' | 'box' | 'head'>,
) => ({
  codec,
  ...row,
  ...ENCODERS[codec],
});

/** Real frames of ffmpeg's encoders to stand before and behind the silence. */
export const BETWEEN_ROWS: readonly BetweenRow[] = [
  between('ac3', { channels: 'stereo', rate: 48_000, count: 2, samples: 1536 }),
  between('ac3', { channels: '5.1(side)', rate: 44_100, count: 6, samples: 1536 }),
  between('eac3', { channels: 'stereo', rate: 44_100, count: 2, samples: 1536 }),
  between('eac3', { channels: '5.1(side)', rate: 48_000, count: 6, samples: 1536 }),
  between('opus', { channels: 'stereo', rate: 48_000, count: 2, samples: 960 }),
  between('opus', { channels: '5.1', rate: 48_000, count: 6, samples: 960 }),
  between('flac', { channels: 'stereo', rate: 44_100, count: 2, samples: 4608 }),
  between('alac', { channels: 'stereo', rate: 44_100, count: 2, samples: 4096 }),
  between('alac', { channels: '5.1', rate: 48_000, count: 6, samples: 4096 }),
  between('mp3', { channels: 'stereo', rate: 48_000, count: 2, samples: 1152 }),
  between('mp3', { channels: 'mono', rate: 22_050, count: 1, samples: 576 }),
];
