import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import type { EncodeRun, VideoEncoders } from '../../../src/core/encoding.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { hasFfmpeg } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { readSegment } from '../mp4-reader.ts';
import { filmOf, moving, type OpenedFilm, openFilm, realEncoders, shown } from './studio.ts';

let film: Uint8Array;
beforeAll(async () => {
  if (!hasFfmpeg) return;
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', '-bf', '2'];
  film = await filmOf('a.mkv', [...moving('192x108', 25, 40), ...h264, '-sc_threshold', '0']);
});

type Encode = VideoEncoders['encode'];

interface Watched {
  readonly encoders: VideoEncoders;
  readonly demoted: string[];
  /** Encoders that were started, in order. */
  readonly started: string[];
  /** Bytes that came out. */
  bytes: number;
  /** Programs that run now, and at most so far. */
  running: number;
  most: number;
}

/** The real libx264, behind an encoder that does something else; both are watched. */
function withFirst(bad: Encode | null): Watched {
  const real = realEncoders();
  const watched: Watched = {
    demoted: [],
    started: [],
    bytes: 0,
    running: 0,
    most: 0,
    encoders: {
      encodersFor: async () => (bad ? ['bad', 'libx264'] : ['libx264']),
      async *encode(run, input, signal) {
        watched.started.push(run.encoder);
        watched.running++;
        watched.most = Math.max(watched.most, watched.running);
        const encode = run.encoder === 'bad' && bad ? bad : real.encode;
        try {
          for await (const chunk of encode({ ...run, encoder: 'libx264' }, input, signal)) {
            watched.bytes += chunk.length;
            yield chunk;
          }
        } finally {
          watched.running--;
        }
      },
      demote: (encoder) => watched.demoted.push(encoder),
    },
  };
  return watched;
}

const failing = (): MediaError => new MediaError('not-offered', 'FFmpeg ended with code 1: no device');

/** Ways in which an encoder is of no use from the start. */
const USELESS: Readonly<Record<string, Encode>> = {
  'fails at once': async function* () {
    yield* [];
    throw failing();
  },
  'gives garbage': async function* () {
    yield new TextEncoder().encode('Unrecognized option, and a page of help for it');
    yield new Uint8Array(4096).fill(0xff);
  },
  'ends without a picture': async function* (_run, input) {
    for await (const _ of input ?? []);
    yield* [];
  },
  'gives the stamps of another film': async function* (run, input, signal) {
    const real = realEncoders();
    for await (const chunk of real.encode(run, input, signal)) yield moved(chunk);
  },
};

/** With every stamp an hour later. */
function moved(chunk: Uint8Array): Uint8Array {
  const bytes = Buffer.from(chunk);
  for (let at = bytes.indexOf('tfdt'); at >= 0; at = bytes.indexOf('tfdt', at + 4))
    bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at + 8) + 3_600_000_000n, at + 8);
  return bytes;
}

const expectedOf = async (opened: OpenedFilm, n: number): Promise<number[]> => {
  if (!opened.copied) throw new Error('The film is not copied');
  return shown(readSegment(await opened.segment(opened.copied, n)));
};

async function settle(isTrue: () => boolean, milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end && !isTrue(); ) await delay(20);
}

describe.runIf(hasFfmpeg)('encoders that fail', () => {
  it.each(someOf(Object.entries(USELESS), 2))('%s: the next one is taken', async (_, encode) => {
    const watched = withFirst(encode);
    const opened = await openFilm(film, { encoders: watched.encoders });
    try {
      const segment = readSegment(await opened.segment(opened.encoded, 1));
      expect(shown(segment)).toEqual(await expectedOf(opened, 1));
      expect(watched.started.slice(0, 3)).toEqual(['bad', 'bad', 'libx264']);
      expect(watched.demoted).toEqual(['bad']);
    } finally {
      await opened.close();
    }
  });

  it('in the middle of a segment: whoever was reading it asks again, and gets all of it', async () => {
    const watched = withFirst(async function* (run, input, signal) {
      let bytes = 0;
      for await (const chunk of realEncoders().encode(run, input, signal)) {
        yield chunk;
        bytes += chunk.length;
        if (bytes > 100_000) throw failing();
      }
    });
    const opened = await openFilm(film, { encoders: watched.encoders });
    try {
      for (let n = 0; n < 6; n++) {
        const ask = () => opened.segment(opened.encoded, n);
        const segment = await ask().catch(() => ask());
        expect(shown(readSegment(segment))).toEqual(await expectedOf(opened, n));
      }
      expect(watched.started).toContain('libx264');
    } finally {
      await opened.close();
    }
  });

  it('all of them: one clear error for each who asks, and the next request is a new try', async () => {
    const useless = USELESS['fails at once'];
    const encoders: VideoEncoders = {
      encodersFor: async () => ['one', 'two'],
      encode: (...args) => (useless as Encode)(...args),
      demote: () => undefined,
    };
    const opened = await openFilm(film, { encoders });
    try {
      const asked = [0, 0].map(() => opened.segment(opened.encoded, 0));
      for (const answer of asked)
        await expect(answer).rejects.toMatchObject({
          code: 'not-offered',
          message: expect.stringMatching(/no device/),
        });
      await expect(opened.segment(opened.encoded, 0)).rejects.toMatchObject({ code: 'not-offered' });
    } finally {
      await opened.close();
    }
  });

  it('a source that dies is no fault of the encoder', async () => {
    const whole = memorySource(film);
    let isDead = false;
    const dying: Source = {
      size: film.length,
      async *read(range, signal) {
        if (isDead && range.end > film.length / 3) throw new MediaError('upstream', 'The upstream is gone');
        yield* whole.read(range, signal);
      },
    };
    const watched = withFirst(null);
    const opened = await openFilm(dying, { encoders: watched.encoders });
    try {
      isDead = true;
      const last = opened.encoded.durations.length - 1;
      await expect(opened.segment(opened.encoded, last)).rejects.toMatchObject({ code: 'upstream' });
      expect(watched).toMatchObject({ started: ['libx264'], demoted: [] });
    } finally {
      await opened.close();
    }
  });
});

describe.runIf(hasFfmpeg)('runs of encoders', () => {
  it('stops a few segments ahead of who reads, and goes on from there', async () => {
    const watched = withFirst(null);
    const opened = await openFilm(film, { encoders: watched.encoders });
    try {
      await opened.segment(opened.encoded, 0);
      let before = -1;
      await settle(() => {
        const isStill = watched.bytes === before;
        before = watched.bytes;
        return isStill;
      }, 5000);
      const paused = watched.bytes;
      await delay(300);
      expect(watched.bytes).toBe(paused);
      for (let n = 1; n < opened.encoded.durations.length; n++) await opened.segment(opened.encoded, n);
      expect(watched.bytes).toBeGreaterThan(paused);
      expect(watched.started).toEqual(['libx264']);
    } finally {
      await opened.close();
    }
  });

  it('ends with its only reader', async () => {
    const watched = withFirst(null);
    const opened = await openFilm(film, { encoders: watched.encoders });
    const leaving = new AbortController();
    const asked = opened.segment(opened.encoded, 2, 'viewer', leaving.signal);
    try {
      await settle(() => watched.running > 0, 5000);
      expect(watched.running).toBe(1);
      leaving.abort(new Error('gone'));
      await expect(asked).rejects.toThrow('gone');
      await settle(() => watched.running === 0, 3000);
      expect(watched.running).toBe(0);
    } finally {
      await opened.close();
    }
  });

  it('50 seeks: few programs at a time, none is left, and where it ends is right', async () => {
    const watched = withFirst(null);
    const opened = await openFilm(film, { encoders: watched.encoders, maxRuns: 4 });
    try {
      const count = opened.encoded.durations.length;
      for (let i = 0; i < 50; i++) {
        const seeking = new AbortController();
        const asked = opened
          .segment(opened.encoded, (i * 5) % count, 'viewer', seeking.signal)
          .catch(() => null);
        await delay(40);
        seeking.abort(new Error('elsewhere'));
        await asked;
      }
      const segment = await opened.segment(opened.encoded, 4);
      expect(shown(readSegment(segment))).toEqual(await expectedOf(opened, 4));
      expect(watched.most).toBeLessThanOrEqual(3);
    } finally {
      await opened.close();
    }
    expect(watched.running).toBe(0);
  });

  it('a viewer too many waits for a while and is told to come back', async () => {
    const held: Encode = async function* (_run: EncodeRun, _input, signal) {
      yield* [];
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const encoders = { ...realEncoders(), encodersFor: async () => ['held'], encode: held };
    const opened = await openFilm(film, { encoders, maxRuns: 1, patience: 200 });
    const leaving = new AbortController();
    try {
      const first = opened.segment(opened.encoded, 0, 'a', leaving.signal).catch((error: unknown) => error);
      await delay(20);
      await expect(opened.segment(opened.encoded, 6, 'b')).rejects.toMatchObject({
        code: 'busy',
        retryAfter: expect.any(Number),
      });
      leaving.abort(new Error('gone'));
      await first;
    } finally {
      await opened.close();
    }
  });
});
