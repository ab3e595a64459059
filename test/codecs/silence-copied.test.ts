import { expect, test } from 'vitest';
import { createFragmentMuxer } from '../../muxers/fmp4/muxer.ts';
import { silentAc3Frame } from '../../src/codecs/ac3-silence.ts';
import { audioCodec } from '../../src/codecs/codecs.ts';
import { concat } from '../../src/core/bytes.ts';
import { ticks } from '../../src/core/time.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import { AUDIO } from '../muxers/fmp4/tracks.ts';
import { encode } from './encoded-audio.ts';
import {
  AC3_ROWS,
  ALAC_ROWS,
  BETWEEN_ROWS,
  dac3,
  EAC3_ROWS,
  FLAC_ROWS,
  MP3_ROWS,
  OPUS_ROWS,
  type SilenceRow,
} from './silence-rows.ts';

/** Channels without positions are no fault. */
const STRICT = [
  ...['-xerror', '-err_detect', 'crccheck+bitstream+buffer+explode'],
  ...['-guess_layout_max', '0'],
];
const PCM = ['-f', 's32le', 'pipe:1'];
const PCM_BYTES = 4;

/** A file of these frames, as the muxer writes it. */
function fileOf(row: SilenceRow, frames: readonly Uint8Array[]): Uint8Array {
  const { config, sampleRate, channels, samples } = row;
  const track = { ...AUDIO, id: 1, configs: [config], sampleRate, channels, frameSize: samples };
  const muxer = createFragmentMuxer(track, { trackId: 1, timescale: sampleRate, bitrate: null });
  const timed = frames.map((data, i) => {
    const dts = i * samples;
    return {
      packet: { trackId: 1, configId: 0, pts: ticks(dts), isSync: true, data },
      dts,
      duration: samples,
    };
  });
  return concat([muxer.init(), ...muxer.fragment(1, timed, { isFirst: true })]);
}

const silenceOf = ({ config, samples }: SilenceRow): Uint8Array =>
  audioCodec(config).silentFrame(config, samples) ?? new Uint8Array();

const FRAMES = 10;

const ALL_ROWS = [ALAC_ROWS, FLAC_ROWS, OPUS_ROWS, MP3_ROWS, AC3_ROWS, EAC3_ROWS];

test.for(
  ALL_ROWS.flatMap((rows) => someOf<SilenceRow>(rows, 4)),
)('ffmpeg decodes silence: $name', (row, context) => {
  needsFfmpeg(context);
  const frames = Array.from({ length: FRAMES }, () => silenceOf(row));
  const { stdout, stderr } = run('ffmpeg', [...STRICT, '-i', 'pipe:0', ...PCM], fileOf(row, frames));
  expect(stderr).toBe('');
  expect(stdout.length / PCM_BYTES / row.channels).toBe(FRAMES * row.samples);
  expect(stdout.every((byte) => byte === 0)).toBe(true);
});

const EDGE = 5;
/** What a decoder still gives of the frames before, and of those behind. */
const TAIL_FRAMES = 2;
/** libopus: a decoder drops as many samples, being told in dOps. */
const ENCODER_PRE_SKIP = 312;
const LOSSLESS: ReadonlySet<string> = new Set(['flac', 'alac']);
/** One of 16 bits. */
const LAST_BIT = 2 ** 16;

test.for(
  someOf(BETWEEN_ROWS, 2),
)('silence between real frames: $codec, $channels, $rate Hz', (plan, context) => {
  needsFfmpeg(context);
  const { record, packets } = encode(plan);
  const config = { codec: plan.codec, record: plan.box === '' ? packets[1]?.slice(0, 4) : record };
  const row = { name: '', config, sampleRate: plan.rate, channels: plan.count, samples: plan.samples };
  const silent = Array.from({ length: FRAMES }, () => silenceOf(row as SilenceRow));
  const frames = [...packets.slice(0, EDGE), ...silent, ...packets.slice(EDGE, 2 * EDGE)];
  const file = fileOf(row as SilenceRow, frames);
  const { stdout, stderr } = run('ffmpeg', [...STRICT, '-i', 'pipe:0', ...PCM], file);
  expect(stderr).toBe('');
  const pcm = new Int32Array(Uint8Array.from(stdout).buffer);
  const perFrame = plan.samples * plan.count;
  const missing = frames.length * perFrame - pcm.length;
  const middle = pcm.subarray(
    (EDGE + TAIL_FRAMES) * perFrame - missing,
    (EDGE + FRAMES) * perFrame - missing,
  );
  const loudest = (part: Int32Array) => part.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
  expect(missing).toBe(plan.codec === 'opus' ? ENCODER_PRE_SKIP * plan.count : 0);
  expect(loudest(middle)).toBeLessThanOrEqual(LOSSLESS.has(plan.codec) ? 0 : LAST_BIT);
  expect(loudest(pcm.subarray(0, EDGE * perFrame))).toBeGreaterThan(LAST_BIT);
  expect(loudest(pcm.subarray((EDGE + FRAMES + 1) * perFrame))).toBeGreaterThan(LAST_BIT);
});

const RATE_CODES = Array.from({ length: 19 }, (_, code) => code);
const RAW_ROWS = [0, 1, 2].flatMap((fscod) => [
  { fscod, acmod: 1, lfe: 0, channels: 1 },
  { fscod, acmod: 7, lfe: 1, channels: 6 },
]);

test.for(RAW_ROWS)('AC-3 silence at every bit rate: fscod $fscod, acmod $acmod', (row, context) => {
  needsFfmpeg(context);
  const frames = RATE_CODES.map((code) => silentAc3Frame(dac3(row.fscod, row, code)));
  const options = [...STRICT, '-f', 'ac3', '-i', 'pipe:0', ...PCM];
  const { stdout, stderr } = run('ffmpeg', options, concat(frames));
  expect(stderr).toBe('');
  expect(stdout.length / PCM_BYTES / row.channels).toBe(RATE_CODES.length * 1536);
  expect(stdout.every((byte) => byte === 0)).toBe(true);
});
