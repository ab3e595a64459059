import { describe, expect, test } from 'vitest';
import { openOgg } from '../../../parsers/ogg/demuxer.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { planTitle } from '../../../src/pipeline/plan-title.ts';
import { NEVER, read } from '../audio-file/sound-files.ts';
import { FIRST, LAST, page } from './ogg-files.ts';

/** Opus of ten hours, made where it is read: pages of a second, each packet of the same length. */
const HEAD = Uint8Array.of(
  ...[...'OpusHead'].map((c) => c.charCodeAt(0)),
  1,
  2,
  0x38,
  1,
  0x80,
  0xbb,
  0,
  0,
  0,
  0,
  0,
);
const TAGS = concat([new TextEncoder().encode('OpusTags'), new Uint8Array(8)]);
const HEADERS = concat([page({ flags: FIRST, packets: [HEAD] }), page({ sequence: 1, packets: [TAGS] })]);
const SECONDS = 36_000;
const PACKETS = 50;

function packetOf(second: number, i: number): Uint8Array {
  const packet = new Uint8Array(50 + i).fill(second & 255);
  // CELT, 20 ms, one frame.
  packet[0] = 0xfc;
  return packet;
}

const pageOf = (second: number, serial = 1): Uint8Array =>
  page({
    serial,
    sequence: 2 + second,
    granule: (second + 1) * 48_000 - (second === SECONDS - 1 ? 100 : 0),
    flags: second === SECONDS - 1 ? LAST : 0,
    packets: Array.from({ length: PACKETS }, (_, i) => packetOf(second, i)),
  });
const PAGE = pageOf(0).length;

interface Counted extends Source {
  readonly reads: { readonly start: number; readonly end: number }[];
}

function longSource(serialOf: (second: number) => number = () => 1): Counted {
  const size = HEADERS.length + SECONDS * PAGE;
  const reads: { start: number; end: number }[] = [];
  return {
    size,
    reads,
    async *read({ start, end }) {
      const stop = Math.min(end, size);
      reads.push({ start, end: stop });
      if (start < HEADERS.length) yield HEADERS.subarray(start, Math.min(stop, HEADERS.length));
      for (let at = Math.max(start, HEADERS.length); at < stop; ) {
        const second = Math.floor((at - HEADERS.length) / PAGE);
        const from = HEADERS.length + second * PAGE;
        const part = pageOf(second, serialOf(second)).subarray(at - from, stop - from);
        at += part.length;
        yield part;
      }
    },
  };
}

const bytesOf = ({ reads }: Counted) => reads.reduce((sum, { start, end }) => sum + end - start, 0);

describe('a file of 135 MB', () => {
  test('is opened by its two ends; places are found by their content', async () => {
    const source = longSource();
    expect(source.size).toBeGreaterThan(128 * 2 ** 20);
    const demuxer = await openOgg(source, NEVER);
    expect(bytesOf(source)).toBeLessThan(2 ** 20);
    expect(demuxer.seekPoints(1)).toBeNull();
    expect(demuxer.duration).toBe(Math.round(((SECONDS * 48_000 - 100 - 312) / 48_000) * 1e9));
    for (const second of [1, 700, 30_000]) {
      const at = HEADERS.length + second * PAGE;
      expect(demuxer.resync(concat([pageOf(second - 1), pageOf(second)]), 1)).toBe(PAGE);
      for (const start of [at, at - 1000]) {
        const { samples, skipped } = await read(demuxer, { start, end: at + 2 * PAGE, soft: at });
        expect(skipped).toBe(0);
        expect(samples).toHaveLength(2 * PACKETS);
        expect(samples[0]).toMatchObject({ position: at, size: 50 });
        expect(samples[0]?.time).toBe(Math.round(second * 1e9 - 6.5e6));
      }
    }
  });

  test('is planned by looks at it', async () => {
    const source = longSource();
    const title = await planTitle(source, { video: null, audio: null, recovery: 'shown' }, NEVER);
    expect(title.survey).toBe('bisected');
    expect(title.timeline.end / title.timeline.timescale).toBeCloseTo(SECONDS, 1);
    expect(title.timeline.cuts.length).toBe(SECONDS / 6);
    expect(bytesOf(source)).toBeLessThan(8 * 2 ** 20);
  });

  test('that is a chain can only be served in order', async () => {
    const source = longSource((second) => (second < 20_000 ? 1 : 2));
    await expect(openOgg(source, NEVER)).rejects.toMatchObject({ code: 'unsupported', inOrderOnly: true });
    const demuxer = await openOgg(source, NEVER, { access: 'in order' });
    expect((await read(demuxer, { end: 10 * PAGE, soft: 0 })).samples.length).toBeGreaterThan(8 * PACKETS);
  });
});
