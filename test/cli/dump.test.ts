import { spawnSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { structures } from '../../src/cli/dump/dump.ts';
import { type DumpLine, lineText } from '../../src/cli/dump/line.ts';
import { memorySource } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { SKIPPED } from '../helpers/chromium.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture, fixturePath } from '../helpers/fixtures.ts';
import { bytes, element, ID, uint, unknownSize } from '../helpers/matroska-writer.ts';

const MOST_LINES = 100_000;

async function dumped(source: Source, depth: number | null = null): Promise<DumpLine[]> {
  const lines: DumpLine[] = [];
  for await (const line of await structures(source, { depth }, new AbortController().signal)) {
    lines.push(line);
    if (lines.length > MOST_LINES) throw new Error('Does not end');
  }
  return lines;
}

const dumpOf = (data: Uint8Array, depth: number | null = null) => dumped(memorySource(data), depth);
const textOf = (lines: readonly DumpLine[]) =>
  lines.map((line) => lineText(line).trim().replaceAll(/\s+/g, ' '));
const faults = (lines: readonly DumpLine[]) => textOf(lines.filter(({ isFault }) => isFault));
const u32 = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
const box = (type: string, ...content: readonly number[]) =>
  Uint8Array.from([...u32(8 + content.length), ...Buffer.from(type, 'latin1'), ...content]);

describe('boxes of MP4', () => {
  beforeEach(needsFfmpeg);

  it.each(['progressive', 'fragmented'])('of %s are those that FFmpeg meets, in its order', async (name) => {
    const { stderr } = run('ffprobe', ['-v', 'trace', '-i', fixturePath(name)], new Uint8Array());
    const met = [...stderr.matchAll(/type:'(.{4})' parent:'.{4}' sz: (\d+)/g)].map(
      ([, type, size]) => `${type} ${size}`,
    );
    const own = (await dumpOf(fixture(name), 20))
      .filter(({ depth }) => depth < 20)
      .map((line) => `${line.name} ${line.size}`);
    expect(met.length).toBeGreaterThan(20);
    // It does not look into what it makes nothing of: sample entries, references, samples' groups.
    let at = 0;
    for (const each of met) {
      const found = own.indexOf(each, at);
      expect(found, `${each} behind ${own[at - 1]}`).toBeGreaterThanOrEqual(0);
      at = found + 1;
    }
  });

  it.each(['progressive', 'fragmented'])('of %s lie behind each other without a hole', async (name) => {
    const data = fixture(name);
    const tops = (await dumpOf(data, 1)).filter(({ isFault }) => !isFault);
    let at = 0;
    for (const { offset, size } of tops) {
      expect(offset).toBe(at);
      at += size ?? 0;
    }
    expect(at).toBe(data.length);
  });
});

describe('elements of Matroska', () => {
  const oracle = (name: string) =>
    spawnSync('mkvinfo', ['--ui-language', 'en_US', '-a', '-P', '-z', fixturePath(name)]);
  beforeEach((context) => {
    if (spawnSync('mkvinfo', ['--version']).status !== 0) context.skip(SKIPPED);
  });

  it.each([
    'bframes-aac',
    'two-languages',
    'ffmpeg-mux',
    'vp9-opus',
  ])('of %s are those of mkvinfo', async (name) => {
    const { stdout } = oracle(name);
    const theirs = [...stdout.toString().matchAll(/^(\|? *)\+ (.*) at (\d+) size (\d+)/gm)]
      .filter(([, , text = '']) => !text.startsWith('Frame'))
      .map(([, indent = '', , at, size]) => `${indent.length} ${at} ${size}`);
    // Checksums are not shown by it.
    const lines = (await dumpOf(fixture(name), 20)).filter((line) => line.name !== 'CRC-32');
    const own = lines.map(({ depth, offset, size }) => `${depth} ${offset} ${size}`);
    expect(own).toEqual(theirs);
  });
});

describe('packets of a transport stream', () => {
  beforeEach(needsFfmpeg);

  it('begin where FFmpeg finds them, with its stamps', async () => {
    const options = [
      '-show_entries',
      'packet=pts_time,pos',
      '-select_streams',
      'v',
      '-of',
      'csv=p=0',
      '-i',
      fixturePath('transport'),
    ];
    const { stdout } = run('ffprobe', options, new Uint8Array());
    const theirs = stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(',').slice(0, 2).join(' '));
    const lines = (await dumpOf(fixture('transport'))).filter(({ facts }) => /^PID 256 h264/.test(facts));
    expect(lines.map(({ offset, facts }) => `${/PTS ([\d.]+)/.exec(facts)?.[1]} ${offset}`)).toEqual(theirs);
  });

  it('are told at the depth that is asked for', async () => {
    const data = fixture('transport');
    expect(textOf(await dumpOf(data, 1))).toEqual([
      '0 - packets of 188 bytes',
      '188 16 PAT version 0: program 1 in PID 4096',
      '376 26 PMT program 1, version 0, clock in PID 256: h264 in PID 256, aac in PID 257',
    ]);
    const all = (await dumpOf(data, 3)).filter(({ name }) => name === 'packet');
    expect(all.map(({ offset }) => offset)).toEqual(
      Array.from({ length: data.length / 188 }, (_, i) => 188 * i),
    );
  });
});

describe('damage is told where it is, and what lies behind it goes on', () => {
  it('a box that reaches beyond its parent', async () => {
    const inner = box('trak', ...box('tkhd', ...u32(0)));
    const lying = Uint8Array.from(inner);
    lying[3] = 200;
    const data = bytes(box('ftyp', ...Buffer.from('isom'), ...u32(0)), box('moov', ...lying), box('free'));
    expect(textOf(await dumpOf(data))).toEqual([
      '0 16 ftyp "isom" 0, compatible',
      '16 28 moov',
      '24 20 trak',
      '24 - !! truncated 180 bytes of trak are missing',
      '32 12 tkhd',
      '44 8 free',
    ]);
  });

  it('a box that is shorter than its head', async () => {
    const data = bytes(box('ftyp'), Uint8Array.from([...u32(4), ...Buffer.from('moov')]), box('free'));
    expect(faults(await dumpOf(data))).toEqual(['8 - !! corrupt A moov box of 4 bytes, its head has 8']);
  });

  it('a file that was cut off', async () => {
    const lines = await dumpOf(fixture('bframes-aac').slice(0, 50_000));
    expect(faults(lines)).toEqual([
      '40 - !! truncated 67613 bytes of Segment are missing',
      '42392 - !! truncated 12438 bytes of Cluster are missing',
    ]);
    expect(lines.at(-1)?.name).toBe('truncated');
  });

  it('garbage between clusters of Matroska', async () => {
    const data = fixture('bframes-aac').slice();
    data.fill(0, 42_392, 43_000);
    const lines = await dumpOf(data);
    expect(faults(lines)).toEqual(['42392 - !! corrupt No element ID can begin with 0x0']);
    const clusters = lines.filter(({ name }) => name === 'Cluster').map(({ offset }) => offset);
    expect(clusters).toEqual([5621, 23_423, 62_438, 82_269, 100_526]);
    expect(lines.some(({ name }) => name === 'Tags')).toBe(true);
  });

  it('clusters of unknown size end where the next one begins', async () => {
    const cluster = (time: number) => unknownSize(ID.Cluster, bytes(uint(ID.Timestamp, time)));
    const segment = unknownSize(ID.Segment, bytes(cluster(0), cluster(700), element(ID.Tags)));
    const lines = await dumpOf(bytes(element(ID.EBML), segment), 3);
    expect(lines.map(({ depth, name, facts }) => `${depth} ${name} ${facts}`.trim())).toEqual([
      '0 EBML',
      '0 Segment unknown size',
      '1 Cluster unknown size timestamp 0',
      '2 Timestamp 0',
      '1 Cluster unknown size timestamp 700',
      '2 Timestamp 700',
      '1 Tags',
    ]);
  });

  it('packets of a transport stream that are lost, or are none', async () => {
    const data = fixture('transport');
    const cut = bytes(
      data.slice(0, 188 * 40),
      data.slice(188 * 43, 188 * 60),
      new Uint8Array(500),
      data.slice(188 * 60),
      Uint8Array.of(71),
    );
    const found = faults(await dumpOf(cut));
    expect(found.some((line) => /^7520 - !! lost packets of PID \d+: counter \d+, not \d+$/.test(line))).toBe(
      true,
    );
    expect(found).toContain('10716 - !! corrupt no packet begins here, 500 bytes passed over');
    expect(found.at(-1)).toBe(`${cut.length - 1} - !! truncated 1 bytes behind the last packet`);
  });

  it.each([
    ['nothing', new Uint8Array(), 'truncated'],
    ['another file', new Uint8Array(Buffer.from('RIFFxxxxWAVEfmt ')), 'unsupported'],
  ])('%s is refused', async (_, data, code) => {
    await expect(dumpOf(data)).rejects.toMatchObject({ code });
  });
});

describe('bounds', () => {
  it('no bytes whatever make it run on or fall over', async () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    for (const name of ['progressive', 'fragmented', 'two-languages', 'transport'])
      for (let i = 0; i < 60; i++) {
        const data = fixture(name).slice(0, 60_000);
        for (let k = 0; k < 8; k++) data[random() % (i < 30 ? 6000 : data.length)] = random() >> 8;
        const lines = await dumpOf(data, i % 2 ? 20 : null).catch((error) => {
          if (error instanceof MediaError) return [];
          throw error;
        });
        expect(lines.every(({ offset, depth }) => offset <= data.length && depth <= 16)).toBe(true);
      }
  });

  it('payload of any size is passed over', async () => {
    const size = 40e9;
    const head = bytes(
      box('ftyp', ...Buffer.from('isom'), ...u32(0)),
      Uint8Array.of(0, 0, 0, 1),
      Buffer.from('mdat'),
      uintOf(size - 16 - 8),
    );
    const tail = box('free');
    let read = 0;
    const source: Source = {
      size,
      async *read({ start, end }) {
        const data = new Uint8Array(Math.min(end, size) - start);
        read += data.length;
        if (start < head.length) data.set(head.subarray(start, start + data.length));
        if (start >= size - 8) data.set(tail.subarray(start - (size - 8)));
        yield data;
      },
    };
    expect(textOf(await dumped(source))).toEqual([
      '0 16 ftyp "isom" 0, compatible',
      `16 ${size - 24} mdat`,
      `${size - 8} 8 free`,
    ]);
    expect(read).toBeLessThan(1e6);
  });
});

function uintOf(value: number): Uint8Array {
  const data = new DataView(new ArrayBuffer(8));
  data.setBigUint64(0, BigInt(value));
  return new Uint8Array(data.buffer);
}
