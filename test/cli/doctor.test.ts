import { afterEach, describe, expect, it } from 'vitest';
import { type Examination, examine } from '../../src/ffmpeg/video/examine.ts';
import { type Behaviour, type FakeFfmpeg, fakeFfmpeg } from '../helpers/fake-ffmpeg.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { runCli, startCli } from './run-cli.ts';

const fakes: FakeFfmpeg[] = [];
afterEach(() => {
  for (const fake of fakes.splice(0)) fake.remove();
});

async function standIn(behaviour: Behaviour): Promise<FakeFfmpeg> {
  const fake = await fakeFfmpeg(behaviour);
  fakes.push(fake);
  return fake;
}

const examined = (out: Buffer): Examination => JSON.parse(out.toString()) as Examination;

describe('an examination', () => {
  it('names what works, how fast, and why the rest does not', { timeout: 60_000 }, async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({
      encoders: { h264_nvenc: { how: 'fails' } },
      lacks: ['h264_v4l2m2m', 'libx265', 'zscale', 'libplacebo'],
    });
    const steps: string[] = [];
    const { ffmpeg, encoders, decoding, filters } = await examine({
      program: fake.program,
      platform: 'linux',
      order: ['h264_nvenc', 'h264_v4l2m2m', 'libx264', 'libx265'],
      pictures: 6,
      now: () => performance.now(),
      onStep: (what) => steps.push(what),
      signal: new AbortController().signal,
    });
    expect(ffmpeg).toMatchObject({ path: fake.program, version: expect.stringMatching(/\d/), reason: null });
    expect(encoders.map(({ name, result }) => `${name}: ${result}`)).toEqual([
      'h264_nvenc: failed',
      'h264_v4l2m2m: not here',
      'libx264: ok',
      'libx265: not here',
    ]);
    const [nvenc, v4l2, x264] = encoders;
    expect(nvenc).toMatchObject({ kind: 'NVENC', codecs: null, speed: { '720p': null, '1080p': null } });
    expect(nvenc?.reason).toMatch(/No capable devices found/);
    expect(nvenc?.command.slice(0, 2)).toEqual([fake.program, '-hide_banner']);
    expect(v4l2).toMatchObject({ reason: 'FFmpeg was built without it', command: [] });
    expect(x264).toMatchObject({ kind: 'software', reason: null, codecs: 'avc1.640028', hdr: null });
    expect(x264?.speed['720p']).toBeGreaterThan(0);
    expect(x264?.speed['1080p']).toBeGreaterThan(0);
    expect(x264?.command).toContain('libx264');
    expect(decoding.every(({ reason, result }) => (reason === null) === (result === 'ok'))).toBe(true);
    expect(Object.fromEntries(filters.map(({ name, result }) => [name, result]))).toEqual({
      bwdif: 'ok',
      zscale: 'not here',
      lutrgb: 'ok',
      libplacebo: 'not here',
    });
    expect(steps).toContain('h264, 1080 lines, 8 bits');
  });
});

describe('sluice doctor', () => {
  it('people get tables, and the command lines of what failed', { timeout: 60_000 }, async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({ encoders: { h264_nvenc: { how: 'garbage' } }, lacks: ['libplacebo'] });
    const env = { PATH: `${fake.folder}:${process.env.PATH}`, SLUICE_ENCODERS: 'h264_nvenc' };
    const { code, out } = await runCli(['doctor'], env);
    const text = out.toString();
    expect(code).toBe(3);
    expect(text).toMatch(/^FFmpeg \S+ at \S+ffmpeg\n\nEncoder +Codec +By +Result +720p +1080p +HDR +Why\n/);
    expect(text).toMatch(/^h264_nvenc +H\.264 +NVENC +failed +A box of /m);
    expect(text).toMatch(/^h264_nvenc: A box of .*\n {2}\S+ffmpeg -hide_banner .* -c:v h264_nvenc /m);
    expect(text).toMatch(/^Filter +For +Result +Why\nbwdif +deinterlacing +ok\n/m);
    expect(text).toMatch(/\nEncoded here: H\.264 by nothing, HEVC by nothing, AV1 by nothing\.\n$/);
    const tables = text.split('\n').filter((line) => !line.startsWith('  '));
    expect(Math.max(...tables.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.each<readonly [what: string, Behaviour, message: RegExp]>([
    ['an FFmpeg that is too old', { version: '4.3.9' }, /FFmpeg 4\.3\.9 is too old: 5\.1 is needed/],
    ['a program that is no FFmpeg', { isMute: true }, /does not answer as FFmpeg does/],
  ])('%s', async (_, behaviour, message) => {
    const fake = await standIn(behaviour);
    const env = { SLUICE_FFMPEG: fake.program };
    const told = await runCli(['doctor'], env);
    expect({ code: told.code, text: told.out.toString() }).toEqual({
      code: 3,
      text: expect.stringMatching(message),
    });
    const { ffmpeg, encoders } = examined((await runCli(['doctor', '--json'], env)).out);
    expect(ffmpeg).toEqual({ path: fake.program, version: null, reason: expect.stringMatching(message) });
    expect(encoders).toEqual([]);
  });

  it.each([
    ['off', 'FFmpeg: SLUICE_FFMPEG is off\n'],
    ['/no/such/ffmpeg', 'FFmpeg: There is no program /no/such/ffmpeg\n'],
  ])('SLUICE_FFMPEG=%s', async (value, line) => {
    const { code, out } = await runCli(['doctor'], { SLUICE_FFMPEG: value });
    expect(code).toBe(3);
    expect(out.toString().startsWith(line)).toBe(true);
  });

  it('ends with a signal, and nothing of it is left', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({ encoders: { h264_nvenc: { how: 'hangs' } } });
    const { child, ended } = startCli(['doctor'], {
      SLUICE_FFMPEG: fake.program,
      SLUICE_ENCODERS: 'h264_nvenc',
    });
    const hangs = () => fake.runs().find(({ encoder }) => encoder === 'h264_nvenc');
    await expect.poll(hangs, { timeout: 15_000 }).toBeDefined();
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    const pid = hangs()?.pid ?? 0;
    await expect.poll(() => isThere(pid), { timeout: 5000 }).toBe(false);
  });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
