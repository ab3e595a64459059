import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TimedPacket } from '../../src/core/contracts.ts';
import { BorderBridge } from '../../src/pipeline/audio-bridge.ts';
import { AudioFramer } from '../../src/pipeline/audio-framer.ts';
import { Ledger } from '../../src/pipeline/ledger.ts';

const FRAME = 100;
const LONGEST = 450;
const STAND_IN = Uint8Array.of(255);
const frameAt = (start: number) => ({ start, samples: FRAME, data: Uint8Array.of(1) });

/** All segments between the borders, each made of the same frames. */
function segments(starts: readonly number[], borders: readonly number[]): TimedPacket[][] {
  return borders.slice(1).map((end, n) => {
    const plan = {
      start: borders[n] ?? 0,
      end,
      gridOrigin: 0,
      frameSize: FRAME,
      isLast: n + 2 === borders.length,
    };
    const framer = new AudioFramer({ ...plan, trackId: 1, silence: null }, new Ledger().open('a', n));
    const bridge = new BorderBridge(framer, { ...plan, longest: LONGEST, standIn: STAND_IN });
    for (const start of starts) bridge.push(frameAt(start));
    bridge.finish();
    return framer.finish();
  });
}

const told = (list: readonly TimedPacket[][]): string =>
  list
    .map((packets) =>
      packets
        .map(({ packet, dts, duration }) => `${packet.data[0] === 255 ? '*' : ''}${dts}+${duration}`)
        .join(' '),
    )
    .join(' | ');

const run = (from: number, to: number) =>
  Array.from({ length: (to - from) / FRAME }, (_, i) => from + i * FRAME);

test.each([
  ['no hole', run(0, 600), [0, 300, 600], '0+100 100+100 200+100 | 300+100 400+100 500+100'],
  ['a hole inside', [0, 300, 400, 500], [0, 600], '0+300 300+100 400+100 500+100'],
  ['a short hole over a border', [0, 100, 500, 600], [0, 200, 700], '0+100 100+400 | 500+100 600+100'],
  ['a long hole over a border', [0, 100, 900], [0, 200, 1000], '0+100 100+100 | *200+700 900+100'],
  ['a segment without a frame', [0, 900], [0, 200, 400, 1000], '0+200 | *200+200 | *400+500 900+100'],
  ['a late beginning', [900], [0, 400, 1000], '*0+400 | *400+500 900+100'],
  ['an early end', [0, 100], [0, 200, 400, 1000], '0+100 100+100 | *200+200 | *400+500 *900+100'],
  ['no frame at all', [], [0, 200, 400], '*0+200 | *200+100 *300+100'],
])('%s', (_, starts, borders, expected) => {
  expect(told(segments(starts, borders))).toBe(expected);
});

test('segments tile and none is empty, whatever holes there are', () => {
  const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })), { maxLength: 30 });
  const lengths = fc.array(fc.integer({ min: 600, max: 3000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(gaps, lengths, (holes, spans) => {
      let at = 0;
      const starts = holes.map((hole) => {
        const start = at + hole;
        at = start + FRAME;
        return start;
      });
      const borders = [0];
      for (const span of spans) borders.push((borders.at(-1) ?? 0) + span);
      const made = segments(starts, borders);
      let end: number | null = null;
      for (const packets of made) {
        expect(packets.length).toBeGreaterThan(0);
        for (const { dts, duration } of packets) {
          expect(duration).toBeGreaterThan(0);
          if (end !== null) expect(dts).toBe(end);
          end = dts + duration;
        }
      }
      const real = made.flat().filter(({ packet }) => packet.data[0] !== 255);
      expect(real.map(({ dts }) => dts)).toEqual(starts);
    }),
  );
});
