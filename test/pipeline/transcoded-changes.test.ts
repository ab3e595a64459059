import { expect, test } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import { AAC_FRAME } from '../../src/core/transcoding.ts';
import { ac3Frames } from '../audio/wasm/frames.ts';
import { deinterleave, interleave } from '../audio/wasm/sound.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { audioTrack } from '../helpers/matroska-writer.ts';
import { film, type Packet, video } from './film.ts';
import { createTranscoder, openTranscoded } from './transcoded-film.ts';
import { energyOf, lagAt } from './transcoded-measure.ts';
import { type SignalOptions, signal } from './transcoded-signal.ts';

/** Of the track, by its first packets. */
const RATE = 48_000;
const AC3_FRAME = 1536;
const TRACK = 4;
const SECONDS = 5;

/** A part of a broadcast: AC-3 in a form of its own. */
type Part = Pick<SignalOptions, 'rate' | 'channels'>;

interface Encoded extends Part {
  readonly frames: readonly Uint8Array[];
  /** By ffmpeg, in stereo at the rate of the track. */
  readonly planes: readonly Float32Array[];
}

function encode({ rate, channels }: Part): Encoded {
  const form = ['-f', 'f32le', '-ar', `${rate}`, '-ac', `${channels}`, '-i', '-'];
  const options = ['-c:a', 'ac3', '-b:a', '384k', '-f', 'ac3', '-'];
  const sound = interleave(signal({ rate, channels, seconds: SECONDS }));
  const stream = run('ffmpeg', [...form, ...options], sound).stdout;
  const decode = ['-f', 'ac3', '-i', '-', '-ac', '2', '-ar', `${RATE}`, '-f', 'f32le', '-'];
  return {
    rate,
    channels,
    frames: ac3Frames(new Uint8Array(stream)),
    planes: deinterleave(run('ffmpeg', decode, stream).stdout, 2),
  };
}

/** One track of all parts, one after the other, and where each begins: seconds. */
function joined(parts: readonly Encoded[]): { readonly file: Uint8Array; readonly starts: number[] } {
  const packets: Packet[] = [];
  const starts: number[] = [];
  let seconds = 0;
  for (const { frames, rate } of parts) {
    starts.push(seconds);
    for (const data of frames) {
      const time = Math.round(seconds * 1000);
      packets.push({ track: TRACK, time, isKey: true, data, written: time });
      seconds += AC3_FRAME / rate;
    }
  }
  const pictures = video({ pattern: `I${'P'.repeat(60)}`, count: Math.floor(seconds * 25) });
  const extra = audioTrack({ number: TRACK, codec: 'A_AC3', rate: RATE, channels: 6 });
  return { file: film([...pictures, ...packets], { extra }), starts };
}

const LIKENESS = 0.94;
/** No decoded sound has so many samples of nothing at all. */
const GAP = 4;

test.for([
  {
    name: 'channels',
    parts: [
      { rate: RATE, channels: 6 },
      { rate: RATE, channels: 2 },
      { rate: RATE, channels: 1 },
      { rate: RATE, channels: 6 },
    ],
    lag: 0,
  },
  {
    name: 'rate',
    parts: [
      { rate: RATE, channels: 2 },
      { rate: 44_100, channels: 2 },
      { rate: RATE, channels: 2 },
    ],
    // A millisecond: on no grid only stamps tell where a packet lies.
    lag: 48,
  },
] satisfies { name: string; parts: Part[]; lag: number }[])('$name change on the way', async ({
  parts,
  name,
  lag,
}, context) => {
  needsFfmpeg(context);
  const encoded = parts.map(encode);
  const { file, starts } = joined(encoded);
  const { segments, rendition, heard, sent } = await openTranscoded(file, createTranscoder());
  const lags = encoded.flatMap(({ planes }, i) => {
    const position = Math.round((starts[i] ?? 0) * RATE);
    const length = planes[0]?.length ?? 0;
    const places = [4 * AAC_FRAME, length >> 1, length - 4 * AAC_FRAME];
    return places.map((at) => lagAt({ planes, position }, { planes: heard, position: 0 }, position + at));
  });
  console.info(`${name}: ${lags.map((l) => `${l.samples} (${l.likeness.toFixed(3)})`).join(' ')}`);
  expect(lags.map(({ samples }) => Math.abs(samples) <= lag)).toEqual(lags.map(() => true));
  expect(Math.min(...lags.map(({ likeness }) => likeness))).toBeGreaterThan(LIKENESS);

  const end = rendition.aac.boundaries.at(-1) ?? 0;
  const frames = segments.flatMap(({ samples }) => samples);
  expect(frames).toHaveLength(audioFrameRange(0, end, AAC_FRAME).end);
  expect(frames.map(({ dts }) => dts)).toEqual(frames.map((_, i) => i * AAC_FRAME));

  const gaps = encoded.flatMap(({ planes }, i) => {
    // An encoder fills its first frame and its last one up with silence.
    const from = Math.round((starts[i] ?? 0) * RATE) + 2 * AC3_FRAME;
    const count = Math.floor(((planes[0]?.length ?? 0) - 4 * AC3_FRAME) / GAP);
    const places = Array.from({ length: count }, (_, k) => from + k * GAP);
    return places.filter((at) => energyOf(sent.map((plane) => plane.subarray(at, at + GAP))) === 0);
  });
  expect(gaps).toEqual([]);
});
