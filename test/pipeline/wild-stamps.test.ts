import { expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { asLive } from '../helpers/matroska-edit.ts';
import { cluster, simpleBlock } from '../helpers/matroska-writer.ts';
import { AUDIO, audio, film, picture, VIDEO, video } from './film.ts';
import { allSegments, serve } from './serve.ts';

const GOP = `I${'P'.repeat(49)}`;
const packets = [...video({ pattern: GOP, count: 300 }), ...audio({ toMs: 12_000 })];
const DAY = 86_400_000;

/** Two packets of 3 + 4 bytes and more behind the film, stamped as a damaged Timestamp would have it. */
const wild = (milliseconds: number) =>
  cluster(
    milliseconds,
    simpleBlock({ track: VIDEO, time: 0, isKey: true }, picture('I', 999)),
    simpleBlock({ track: AUDIO, time: 5, isKey: true }, Uint8Array.of(0x21, 1, 2, 3)),
  );

test.each([12, 50, 100])('a cluster stamped %i days later is passed over and counted', async (days) => {
  const plain = await serve(asLive(film(packets, { cues: null })));
  const damaged = await serve(concat([asLive(film(packets, { cues: null })), wild(days * DAY)]));
  expect(damaged.title.timeline).toEqual(plain.title.timeline);
  expect(damaged.title.ledger.total().skippedBytes).toBe(picture('I', 999).length + 4);
  for (const [i, rendition] of plain.renditions.entries()) {
    const other = damaged.renditions[i];
    if (!other) throw new Error('renditions differ');
    const samples = (list: Awaited<ReturnType<typeof allSegments>>) => list.map((segment) => segment.samples);
    expect(samples(await allSegments(damaged, other))).toEqual(samples(await allSegments(plain, rendition)));
  }
});
