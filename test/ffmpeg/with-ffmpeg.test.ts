import { expect, test } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import type { SoundConfig } from '../../src/core/media.ts';
import {
  AAC_FRAME,
  type AudioTranscoder,
  type TranscodeJob,
  WARM_UP_FRAMES,
} from '../../src/core/transcoding.ts';
import { withFfmpeg } from '../../src/ffmpeg/with-ffmpeg.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import {
  createTranscoder,
  jobOfSegment,
  openTranscoded,
  packetsOf,
  samplesOf,
} from '../pipeline/transcoded-film.ts';
import { differenceOf, lagAt } from '../pipeline/transcoded-measure.ts';
import { decodeStereo, makeFilm } from '../pipeline/transcoded-signal.ts';

const PROGRAM = 'ffmpeg';
const NO_RECORD = new Uint8Array();

/** What is encoded: samples, where FFmpeg has decoded them. */
async function decoded(job: TranscodeJob): Promise<TranscodeJob> {
  let seen = job;
  const inner: AudioTranscoder = {
    ...createTranscoder(),
    async *transcode(what) {
      seen = what;
      yield [];
    },
  };
  await packetsOf(withFfmpeg(inner, PROGRAM), job);
  return seen;
}

const SECONDS = 12;
const LIKENESS = 0.94;
/** Of what is encoded with what FFmpeg decodes: the same but for its loudness. */
const SAME = 0.99999;

// Without AAC's noise substitution: each decoder, and each run of it, makes its own noise.
const FILMS = [
  { name: 'TrueHD 5.1', rate: 48_000, channels: 6, codec: ['truehd', '-strict', '-2'] },
  { name: 'AAC 5.1', rate: 48_000, channels: 6, codec: ['aac', '-b:a', '384k', '-aac_pns', '0'] },
] as const;

test.for(
  someOf<(typeof FILMS)[number]>(FILMS, 2),
)('$name, $rate Hz: decoded by FFmpeg, heard where the source has it', async (row, context) => {
  needsFfmpeg(context);
  const file = makeFilm({ ...row, seconds: SECONDS, keys: ['-g', '61'] });
  const transcoder = withFfmpeg(createTranscoder(), PROGRAM);
  const { rendition, served, job, sent, heard, borders, segments } = await openTranscoded(
    file,
    transcoder,
    decoded,
  );
  const planes = decodeStereo(file);
  const position = job.packets[0]?.start ?? Number.NaN;
  const [start, end] = [position + 4 * AAC_FRAME, position + (planes[0]?.length ?? 0) - 4 * AAC_FRAME];
  const places = [start, ...borders, (start + end) >> 1, end];
  const lags = places.map((at) => lagAt({ planes, position }, { planes: heard, position: 0 }, at));
  const exact = places.map((at) => lagAt({ planes, position }, { planes: sent, position: 0 }, at));
  const differences: number[] = [];
  for (const n of borders.map((_, i) => i + 1)) {
    const part = await decoded(await jobOfSegment(served, rendition, n));
    const from = { planes: await samplesOf(part), position: (part.first - WARM_UP_FRAMES) * AAC_FRAME };
    differences.push(differenceOf(from, { planes: sent, position: 0 }).largest);
  }
  console.info(
    `${row.name}, ${row.rate} Hz: lag ${lags.map(({ samples }) => samples).join(' ')}; samples at borders differ by ${Math.max(...differences)}`,
  );
  expect(borders.length).toBeGreaterThan(2);
  expect(Math.abs(position)).toBeLessThanOrEqual(row.rate / 1000);
  for (const list of [lags, exact]) expect(list.map(({ samples }) => samples)).toEqual(places.map(() => 0));
  expect(Math.min(...lags.map(({ likeness }) => likeness))).toBeGreaterThan(LIKENESS);
  expect(Math.min(...exact.map(({ likeness }) => likeness))).toBeGreaterThan(SAME);
  expect(Math.max(...differences)).toBe(0);
  const frames = segments.flatMap(({ samples }) => samples);
  expect(frames).toHaveLength(audioFrameRange(0, rendition.aac.boundaries.at(-1) ?? 0, AAC_FRAME).end);
});

const aac = (hex: string): SoundConfig => ({
  codec: 'aac',
  record: Uint8Array.from(Buffer.from(hex, 'hex')),
});

test.each([
  { what: 'TrueHD', config: { codec: 'truehd', record: NO_RECORD }, reason: null },
  { what: 'AAC 5.1', config: aac('11b0'), reason: null },
  { what: 'AAC whose channels are in the stream', config: aac('1180'), reason: 'AAC is not decoded here' },
  { what: 'AAC without a record', config: aac(''), reason: 'AAC is not decoded here' },
  { what: 'AC-3', config: { codec: 'ac3', record: NO_RECORD }, reason: null },
] as const)('against $what: $reason', ({ config, reason }) => {
  expect(withFfmpeg(createTranscoder(), PROGRAM).reasonAgainst(config)).toBe(reason);
});

const job = (config: SoundConfig): TranscodeJob => ({
  source: { config, rate: 48_000, channels: 2, frameSize: 40 },
  output: { rate: 48_000, channels: 2 },
  first: 0,
  end: 3,
  isLast: true,
  packets: [{ start: 0, samples: Number.POSITIVE_INFINITY, skipped: 0, data: new Uint8Array(100) }],
});

test('what is decoded in process is left alone, and so is what nothing decodes', async () => {
  const jobs: TranscodeJob[] = [];
  const inner: AudioTranscoder = {
    ...createTranscoder(),
    async *transcode(what) {
      jobs.push(what);
      yield [];
    },
  };
  const given = [job({ codec: 'ac3', record: NO_RECORD }), job({ codec: 'dts', record: NO_RECORD })];
  for (const one of given) await packetsOf(withFfmpeg(inner, '/no/such/program'), one);
  expect(jobs).toEqual(given);
});

test('before the first major sync there is silence, without a program', async () => {
  const silent = job({ codec: 'truehd', record: NO_RECORD });
  const packets = await packetsOf(withFfmpeg(createTranscoder(), '/no/such/program'), silent);
  expect(packets).toHaveLength(3);
});

test('a program that cannot be started is an error', async () => {
  await expect(
    packetsOf(withFfmpeg(createTranscoder(), '/no/such/program'), job(aac('1190'))),
  ).rejects.toMatchObject({
    code: 'not-offered',
  });
});
