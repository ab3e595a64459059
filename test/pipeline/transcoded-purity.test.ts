import { createHash } from 'node:crypto';
import { expect, type TestContext, test, vi } from 'vitest';
import { memorySource } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { AAC_FRAME, type AudioTranscoder } from '../../src/core/transcoding.ts';
import type { SpanCache } from '../../src/pipeline/span-cache.ts';
import { jobOf } from '../../src/pipeline/transcoded/job.ts';
import { encodedPackets } from '../../src/pipeline/transcoded/segment.ts';
import { createTranscripts, type Transcripts } from '../../src/pipeline/transcoded/transcripts.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { NEVER, newCache, type Served, segmentBytes, serve } from './serve.ts';
import { createTranscoder, encodedOf } from './transcoded-film.ts';
import { makeFilm } from './transcoded-signal.ts';

/** A source, and how many bytes were read of it. */
interface Counted {
  readonly source: Source;
  bytes: number;
}

function counted(file: Uint8Array): Counted {
  const inner = memorySource(file);
  const all: Counted = {
    bytes: 0,
    source: {
      size: inner.size,
      async *read(range, signal) {
        for await (const chunk of inner.read(range, signal)) {
          all.bytes += chunk.length;
          yield chunk;
        }
      },
    },
  };
  return all;
}

let made: Uint8Array | null = null;

/** Some megabytes, so that it is neither read whole at once nor smaller than what one read brings. */
function film(context: TestContext): Uint8Array {
  needsFfmpeg(context);
  made ??= makeFilm({
    rate: 48_000,
    channels: 6,
    seconds: 22,
    codec: ['eac3', '-b:a', '448k'],
    keys: ['-g', '61', '-b:v', '3M', '-pix_fmt', 'yuv420p'],
    size: '640x360',
  });
  expect(made.length).toBeGreaterThan(3 * LIMITS.wholeAtOnce);
  return made;
}

const digest = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

async function digests(served: Served, order: readonly number[], spans?: SpanCache): Promise<string[]> {
  const found: string[] = [];
  const rendition = encodedOf(served);
  for (const n of order) found[n] = digest(await segmentBytes(served, rendition, n, spans));
  return found;
}

const inOrder = ({ count }: Served): number[] => Array.from({ length: count }, (_, n) => n);
const mixed = ({ count }: Served): number[] => Array.from({ length: count }, (_, n) => (n * 3 + 2) % count);

test('segments asked for in any order are those asked for in order, byte for byte', async (context) => {
  const file = film(context);
  const transcoder = createTranscoder();
  const served = await serve(file, transcoder);
  const order = mixed(served);
  expect([...order].sort((a, b) => a - b)).toEqual(inOrder(served));
  const first = await digests(served, inOrder(served));
  expect(await digests(await serve(file, createTranscoder()), order)).toEqual(first);
  expect(new Set(first).size).toBe(served.count);
});

/** What one read behind a span brings beside its packets: 64 KiB, and the block that lies across its end. */
const MAX_HEAD = 160 * 1024;

test('what playing on has brought is not read again, and makes the same bytes', async (context) => {
  const all = counted(film(context));
  const transcoder = createTranscoder();
  const served = await serve(all.source, transcoder);
  const rendition = encodedOf(served);
  const [video] = served.renditions;
  if (video?.kind !== 'video') throw new Error('No pictures');
  const cold = await digests(served, inOrder(served));
  const spans = newCache();
  const costs: number[] = [];
  const warm: string[] = [];
  for (const n of inOrder(served)) {
    await segmentBytes(served, video, n, spans);
    const before = all.bytes;
    warm.push(digest(await segmentBytes(served, rendition, n, spans)));
    costs.push(all.bytes - before);
  }
  console.info(`bytes read for sound beside its pictures: ${costs.join(' ')}`);
  expect(warm).toEqual(cold);
  expect(costs.at(-1)).toBe(0);
  expect(Math.max(...costs)).toBeLessThan(MAX_HEAD);
  const before = all.bytes;
  expect(await digests(served, mixed(served), spans)).toEqual(cold);
  expect(all.bytes - before).toBe(0);
});

test('a job is the same with an empty packet cache, a warm one, and one that has only some spans', async (context) => {
  const served = await serve(film(context), createTranscoder());
  const rendition = encodedOf(served);
  const [video] = served.renditions;
  if (video?.kind !== 'video') throw new Error('No pictures');
  const warm = newCache();
  const holed = newCache();
  for (const n of inOrder(served)) {
    await segmentBytes(served, video, n, warm);
    if (n % 2 === 0) await segmentBytes(served, video, n, holed);
  }
  const job = async (n: number, spans: SpanCache) => {
    const counters = served.title.ledger.open('x', n);
    const { packets, ...rest } = await jobOf(
      served.title,
      { rendition, n },
      { spans, signal: NEVER, counters },
    );
    expect(packets.length).toBeGreaterThan(60);
    return { ...rest, packets: packets.map(({ data, ...packet }) => ({ ...packet, data: digest(data) })) };
  };
  for (const n of inOrder(served)) {
    const cold = await job(n, newCache());
    expect(await job(n, warm), `segment ${n}, warm`).toEqual(cold);
    expect(await job(n, holed), `segment ${n}, every second span`).toEqual(cold);
  }
});

/** Notes which segments are made. */
function noting(transcoder: AudioTranscoder): AudioTranscoder & { readonly firsts: number[] } {
  const firsts: number[] = [];
  return {
    ...transcoder,
    firsts,
    transcode(job, options) {
      firsts.push(job.first);
      return transcoder.transcode(job, options);
    },
  };
}

async function segmentOf(served: Served, transcripts: Transcripts, n: number): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  const counters = served.title.ledger.open('x', n);
  const segment = { rendition: encodedOf(served), n };
  const context = { transcripts, signal: NEVER, counters };
  for await (const batch of encodedPackets(served.title, segment, context))
    packets.push(...batch.map(({ packet }) => packet.data));
  return packets;
}

test('who asks at the same time, or again, shares one making; the next is made ahead where it costs no byte', async (context) => {
  const transcoder = noting(createTranscoder());
  const served = await serve(film(context), transcoder);
  const [video] = served.renditions;
  if (video?.kind !== 'video') throw new Error('No pictures');
  const spans = newCache();
  for (const n of [0, 1, 2, 3]) await segmentBytes(served, video, n, spans);
  const transcripts = createTranscripts({ transcoder, spans, maxBytes: 2 ** 22 });
  const [one, two] = await Promise.all([0, 0].map((n) => segmentOf(served, transcripts, n)));
  expect(two).toEqual(one);
  expect(await segmentOf(served, transcripts, 0)).toEqual(one);
  await segmentOf(served, transcripts, 1);
  await segmentOf(served, transcripts, 2);
  const { boundaries } = encodedOf(served).aac;
  const firsts = [0, 1, 2, 3].map((n) => Math.ceil((boundaries[n] ?? 0) / AAC_FRAME));
  await vi.waitFor(() => expect(transcoder.firsts).toEqual(firsts));
});
