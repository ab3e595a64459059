import { describe, expect, type TestContext, test } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import { AAC_FRAME, WARM_UP_FRAMES } from '../../src/core/transcoding.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import {
  createTranscoder,
  decodePackets,
  type Film,
  jobOfSegment,
  openTranscoded,
  packetsOf,
  samplesOf,
} from './transcoded-film.ts';
import { decibels, differenceOf, energyOf, lagAt } from './transcoded-measure.ts';
import { decodedFrames, decodeStereo, type FilmOptions, makeFilm } from './transcoded-signal.ts';

const SECONDS = 12;
/** Cuts every 2.44 s: on no grid of any codec. */
const EVERY_61 = ['-g', '61'];
/** And some anywhere. */
const ANYWHERE = ['-g', '500', '-force_key_frames', '2.13,3.4,4.71,5.5,8.9,12.6,16.07'];

interface Row extends Omit<FilmOptions, 'seconds'> {
  readonly name: string;
  /**
   * Largest difference of what the encoder is given around a border, from what it is given in the middle of one
   * encode.
   */
  readonly purity: number;
  /** Decibels of what differs from ffmpeg's decoder; null where its mix of 5.1 is as loud as it likes. */
  readonly error: number | null;
  /** Packets that give nothing. */
  readonly silent?: number;
  /** Samples that the decoder gives before the first of the source, where the container tells it in its own way. */
  readonly delay?: number;
}

const surround = { rate: 48_000, channels: 6, error: null } as const;
const cd = { rate: 44_100, channels: 2 } as const;
const stereo = { rate: 48_000, channels: 2 } as const;
/** Floating point numbers added in another order. */
const ROUNDING = 2 ** -22;

/** AC-3's decoders make up what is below the noise, each its own way. */
const DITHER = -15;

const FILMS: readonly Row[] = [
  { name: 'AC-3 5.1', ...surround, codec: ['ac3', '-b:a', '448k'], keys: EVERY_61, purity: 0 },
  { name: 'E-AC-3 5.1', ...surround, codec: ['eac3', '-b:a', '448k'], keys: ANYWHERE, purity: 0 },
  { name: 'DTS 5.1', ...surround, codec: ['dca', '-strict', '-2'], keys: EVERY_61, purity: 0 },
  {
    name: 'AC-3, 3 s late',
    ...cd,
    codec: ['ac3', '-b:a', '192k'],
    keys: ANYWHERE,
    late: 3,
    purity: 0,
    error: DITHER,
  },
  {
    name: 'MP3',
    ...cd,
    codec: ['libmp3lame', '-b:a', '192k'],
    keys: EVERY_61,
    purity: ROUNDING,
    error: -60,
  },
  {
    name: 'Vorbis',
    ...cd,
    codec: ['libvorbis', '-q:a', '6'],
    keys: EVERY_61,
    purity: 0,
    error: -100,
    silent: 1,
  },
  {
    name: 'Vorbis',
    ...stereo,
    codec: ['libvorbis', '-q:a', '6'],
    keys: EVERY_61,
    purity: 0,
    error: -100,
    silent: 1,
  },
  // A decoder of Opus never quite forgets how it began: RFC 7845, 4.6.
  {
    name: 'Opus',
    ...stereo,
    codec: ['libopus', '-b:a', '160k'],
    keys: EVERY_61,
    purity: 0.02,
    error: -60,
    delay: 312,
  },
  { name: 'PCM', ...stereo, codec: ['pcm_s16le'], keys: EVERY_61, purity: 0, error: -150 },
];

/** Where the first decoded sample is to be heard by the stamps, in samples of the title. */
function stampedStart({ file, served }: Film, { rate, delay }: Row): number {
  const [first] = decodedFrames(file, delay === undefined ? 'a:0' : 'v:0', 4);
  return (((first?.time ?? Number.NaN) - served.title.zero) / 1e9) * rate - (delay ?? 0);
}

/** Stamps are whole milliseconds, and so is what a muxer moves them by. */
const PRECISION = 0.001;
/** Of sound at 200 kbit/s, wherever it is right. */
const LIKENESS = 0.94;
/** Decibels by which the noise around the worst border may exceed that of one encode. */
const MAX_EXCESS = 1.5;
/** Samples before and behind a border that are looked at. */
const AROUND = 2 * AAC_FRAME;

const shown = (values: readonly number[], digits: number) =>
  values.map((value) => value.toFixed(digits)).join(' ');

describe.for(someOf(FILMS, 3))('$name, $rate Hz', (row) => {
  const transcoder = createTranscoder();
  let making: Promise<Film> | null = null;
  const made = (context: TestContext): Promise<Film> => {
    needsFfmpeg(context);
    making ??= openTranscoded(makeFilm({ ...row, seconds: SECONDS }), transcoder);
    return making;
  };
  const say = (text: string) => console.info(`${row.name}, ${row.rate} Hz: ${text}`);

  test('frames tile and are as many as those of the whole', async (context) => {
    const { segments, rendition, served, borders } = await made(context);
    const end = rendition.aac.boundaries.at(-1) ?? 0;
    const starts = segments.map(({ samples }) => samples[0]?.dts);
    expect(segments.length).toBeGreaterThan(3);
    expect(starts).toEqual([0, ...borders]);
    expect(borders.some((border) => border % row.rate !== 0)).toBe(true);
    const frames = segments.flatMap(({ samples }) => samples);
    expect(frames).toHaveLength(audioFrameRange(0, end, AAC_FRAME).end);
    expect(frames.map(({ dts }) => dts)).toEqual(frames.map((_, i) => i * AAC_FRAME));
    expect(frames.map(({ duration }) => duration)).toEqual(
      frames.map((_, i) => (i + 1 < frames.length ? AAC_FRAME : end - i * AAC_FRAME)),
    );
    expect(
      Math.abs(end / row.rate - served.title.timeline.end / served.title.timeline.timescale),
    ).toBeLessThan(PRECISION);
  });

  test('every sample is heard where the source has it', async (context) => {
    const film = await made(context);
    const { file, job, heard, borders, sent } = film;
    const planes = decodeStereo(file);
    const length = planes[0]?.length ?? 0;
    const position = job.packets[row.silent ?? 0]?.start ?? Number.NaN;
    expect(Math.abs(position - stampedStart(film, row))).toBeLessThanOrEqual(PRECISION * row.rate);
    const [start, end] = [position + 2 * AROUND, position + length - 2 * AROUND];
    const places = [start, ...borders, (start + end) >> 1, end].filter((at) => at >= start && at <= end);
    const lags = places.map((at) => lagAt({ planes, position }, { planes: heard, position: 0 }, at));
    const likeness = lags.map((lag) => lag.likeness);
    const { energy } = differenceOf({ planes, position }, { planes: sent, position: 0 });
    const error = decibels(energy / energyOf(planes));
    say(
      `lag ${lags.map(({ samples }) => samples).join(' ')}; likeness ${shown(likeness, 3)}; decoders ${error.toFixed(1)} dB`,
    );
    expect(lags.map(({ samples }) => samples)).toEqual(places.map(() => 0));
    expect(Math.min(...likeness)).toBeGreaterThan(LIKENESS);
    if (row.error !== null) expect(error).toBeLessThan(row.error);
  });

  test('around borders there is no more noise than in one encode', async (context) => {
    const { job, heard, borders, sent, served, rendition } = await made(context);
    const whole = decodePackets(await packetsOf(transcoder, job), rendition);
    expect(whole.map(({ length }) => length)).toEqual(heard.map(({ length }) => length));
    const fed = { planes: sent, position: 0 };
    const sounding = borders.filter((border) => border > (row.late ?? 0) * row.rate);
    const excess = sounding.map((border) => {
      const range = [border - AROUND, border + AROUND] as const;
      const noise = (planes: readonly Float32Array[]) =>
        differenceOf(fed, { planes, position: 0 }, range).energy;
      return decibels(noise(heard) / noise(whole));
    });
    const differences: number[] = [];
    for (const n of borders.map((_, i) => i + 1)) {
      const part = await jobOfSegment(served, rendition, n);
      const position = (part.first - WARM_UP_FRAMES) * AAC_FRAME;
      differences.push(differenceOf({ planes: await samplesOf(part), position }, fed).largest);
    }
    say(`excess ${shown(excess, 2)} dB; samples at borders differ by ${Math.max(...differences)}`);
    expect(excess.length).toBeGreaterThan(1);
    expect(Math.max(...excess)).toBeLessThanOrEqual(MAX_EXCESS);
    expect(Math.max(...differences)).toBeLessThanOrEqual(row.purity);
  });
});
