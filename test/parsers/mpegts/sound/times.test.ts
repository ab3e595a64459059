import { beforeEach, expect, test } from 'vitest';
import { needsFfmpeg } from '../../../helpers/ffmpeg.ts';
import { pesPacket } from '../../../helpers/ts-writer.ts';
import { open, program, readAll } from '../streams.ts';
import { cutAt, encodeStream, probedSizes, splitAll } from './streams.ts';

beforeEach(needsFfmpeg);

const RATE = 48_000;

/** Where each so many frames end. */
const ends = (sizes: readonly number[], count: number): number[] =>
  sizes
    .map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0))
    .filter((_, i) => i % count === count - 1);

interface Row {
  readonly name: string;
  readonly options: string;
  readonly reader: string;
  readonly type: number;
  readonly samples: number;
  /** Of PES packets with frames, one of so many has a stamp. */
  readonly stamped?: number;
}

test.each<Row>([
  { name: 'LATM', options: '-c:a aac -f latm', reader: 'loas', type: 0x11, samples: 1024 },
  { name: 'ADTS', options: '-c:a aac -f adts', reader: 'aac', type: 0x0f, samples: 1024 },
  { name: 'AC-3', options: '-c:a ac3 -f ac3', reader: 'ac3', type: 0x81, samples: 1536 },
  { name: 'layer II', options: '-c:a mp2 -f mp2', reader: 'mp3', type: 0x03, samples: 1152 },
  {
    name: 'ADTS, stamps here and there',
    options: '-c:a aac -f adts',
    reader: 'aac',
    type: 0x0f,
    samples: 1024,
    stamped: 4,
  },
])('$name: frames have the same times wherever reading begins', async (row) => {
  const { options, reader, type, samples, stamped = 1 } = row;
  const stream = encodeStream(options.split(' '), [RATE, 2]);
  const count = 3;
  const payloads = cutAt(stream, ends(probedSizes(stream, reader), count).slice(0, -1));
  const writer = program({ pcrPid: 256, streams: [{ type, pid: 256 }] });
  payloads.forEach((payload, i) => {
    const pts = 90_000 + (i * count * samples * 90_000) / RATE;
    writer.pes(256, pesPacket({ streamId: 0xc0, payload, ...(i % stamped === 0 ? { pts } : {}) }));
  });
  const file = writer.bytes();
  const demuxer = await open(file);
  const whole = await readAll(demuxer);
  const codec = ({ 17: 'aac_latm', 15: 'aac', 129: 'ac3', 3: 'mpeg-audio' } as const)[type];
  expect(whole).toHaveLength(splitAll(codec ?? 'aac', [stream]).frames.length);
  const off = whole.map(({ time }, i) => Math.abs(time - 1e9 - (i * samples * 1e9) / RATE));
  expect(Math.max(...off)).toBeLessThan(2);
  for (let start = 0; start < file.length; start += 188) {
    const rest = await readAll(demuxer, start);
    const expected = rest.length > 0 ? whole.slice(-rest.length) : [];
    const briefly = (list: typeof rest) =>
      list.map(({ sum, time }) => `${sum} at ${Math.round(time / 1000)}`);
    expect(briefly(rest), `from ${start}`).toEqual(briefly(expected));
  }
});
