import { setTimeout as pause } from 'node:timers/promises';
import { concat } from '../../src/core/bytes.ts';
import type { Sequence } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LiveBudget } from '../../src/pipeline/live/budget.ts';
import { LiveStream } from '../../src/pipeline/live/live-stream.ts';
import type { LiveInput } from '../../src/pipeline/live/running.ts';
import type { SelectionOptions } from '../../src/pipeline/select-tracks.ts';
import {
  audioTrack,
  bytes,
  cluster,
  info,
  liveMatroska,
  simpleBlock,
  tracks,
  videoTrack,
} from '../helpers/matroska-writer.ts';
import { AUDIO, picture, RECORD, VIDEO } from './film.ts';
import { NEVER } from './serve.ts';

export const OPTIONS: SelectionOptions = { video: null, audio: null, recovery: 'shown' };

/** What was taken of an input. */
export interface Watched extends Sequence {
  readonly openings: { taken: number; isOpen: boolean }[];
}

/** An input that counts what is taken of it; each opening by its number. */
export function watched(open: (opening: number) => Iterable<Uint8Array>): Watched {
  const openings: { taken: number; isOpen: boolean }[] = [];
  return {
    openings,
    size: 1,
    async *open(signal) {
      const opening = { taken: 0, isOpen: true };
      openings.push(opening);
      try {
        for (const chunk of open(openings.length - 1)) {
          await pause(0);
          signal.throwIfAborted();
          opening.taken += chunk.length;
          yield chunk;
        }
      } finally {
        opening.isOpen = false;
      }
    },
  };
}

export const pieces = (file: Uint8Array, size: number): Watched =>
  watched(function* () {
    for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
  });

export const begin = (sequence: Sequence, more: Partial<LiveInput> = {}): Promise<LiveStream> =>
  LiveStream.open(
    { sequence, options: OPTIONS, budget: new LiveBudget(), ...more },
    { onIdle: () => undefined },
    NEVER,
  );

/** Asks for one segment after the other until there are no more, as a player does. */
export async function playAll(live: LiveStream): Promise<Map<string, Uint8Array>[]> {
  const all: Map<string, Uint8Array>[] = [];
  for (;;) {
    const { ends, isEnded } = live.progress();
    if (all.length >= ends.length && isEnded) return all;
    if (all.length >= ends.length) await pause(1);
    else all.push(await segmentOf(live, all.length));
  }
}

/** A segment's bytes in one piece. */
export const wholeSegment = async (
  live: LiveStream,
  rendition: string,
  n: number,
  signal = NEVER,
): Promise<Uint8Array> => concat(await live.segment(rendition, n, signal));

export async function segmentOf(live: LiveStream, n: number): Promise<Map<string, Uint8Array>> {
  const parts = live.renditions.map(async ({ name }) => [name, await wholeSegment(live, name, n)] as const);
  return new Map(await Promise.all(parts));
}

export async function failure(promise: Promise<unknown>): Promise<MediaError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof MediaError) return error;
  throw new Error(`Expected a MediaError, got ${String(error)}`);
}

export async function until(condition: () => boolean, milliseconds = 5000): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > milliseconds) throw new Error('That did not happen in time');
    await pause(2);
  }
}

export interface EndlessOptions {
  /** One second each: 25 pictures, the first an IDR, and their sound. */
  readonly seconds: number;
  /** Bytes of each picture. */
  readonly pictureBytes: number;
  /** Told in the head: other inputs begin otherwise. */
  readonly title?: number;
  /** Seconds from one key picture to the next. */
  readonly keyEvery?: number;
}

const PICTURE_MS = 40;
const AUDIO_BYTES = Uint8Array.of(0x21, 2, 3, 4, 5, 6, 7, 8);

/** A film that is never in memory as a whole, with a Segment and Clusters as a live muxer writes them. */
export function* endless({
  seconds,
  pictureBytes,
  title = 0,
  keyEvery = 1,
}: EndlessOptions): Generator<Uint8Array> {
  yield liveMatroska(
    info({ duration: 1000 + title }),
    tracks(
      videoTrack({ number: VIDEO, codec: 'V_MPEG4/ISO/AVC', private: RECORD, width: 1280, height: 720 }),
      audioTrack({
        number: AUDIO,
        codec: 'A_AAC',
        private: Uint8Array.of(0x11, 0x90),
        rate: 48_000,
        channels: 2,
      }),
    ),
  );
  for (let second = 0; second < seconds; second++) {
    const isKey = (i: number) => i === 0 && second % keyEvery === 0;
    const blocks = Array.from({ length: 25 }, (_, i) => [
      simpleBlock(
        { track: VIDEO, time: i * PICTURE_MS, isKey: isKey(i) },
        padded(picture(isKey(i) ? 'I' : 'P', second * 25 + i), pictureBytes),
      ),
      simpleBlock({ track: AUDIO, time: i * PICTURE_MS, isKey: true }, AUDIO_BYTES),
    ]);
    const whole = cluster(second * 1000, blocks);
    for (let at = 0; at < whole.length; at += 64 * 1024) yield whole.slice(at, at + 64 * 1024);
  }
}

/** The access unit with a filler NAL unit behind it. */
function padded(unit: Uint8Array, size: number): Uint8Array {
  const filler = new Uint8Array(Math.max(6, size - unit.length)).fill(0xff);
  new DataView(filler.buffer).setUint32(0, filler.length - 4);
  filler[4] = 0x0c;
  return bytes(unit, filler);
}
