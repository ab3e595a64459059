import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ENCODERS } from '../../../src/ffmpeg/video/encoder-table.ts';
import { type OpenEncoders, openVideoEncoders } from '../../../src/ffmpeg/video/open-encoders.ts';
import type { TrialResult } from '../../../src/ffmpeg/video/trial.ts';
import { inOrder, type TrialsOptions } from '../../../src/ffmpeg/video/trials.ts';
import { type Behaviour, type FakeFfmpeg, type Fault, fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { hasFfmpeg, needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { PQ, run, target, track } from './rows.ts';

const never = new AbortController().signal;
const SMALL = target({ width: 320, height: 180, maxBitrate: 1_000_000 });
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function standIn(behaviour: Behaviour): Promise<FakeFfmpeg> {
  const fake = await fakeFfmpeg(behaviour);
  open.push({ close: fake.remove });
  return fake;
}

interface Opened {
  readonly encoders: OpenEncoders;
  readonly clock: { now: number };
}

function openBy(program: string, given: Partial<TrialsOptions> = {}): Opened {
  const clock = { now: 0 };
  const encoders = openVideoEncoders({
    program,
    platform: 'linux',
    order: ['h264_nvenc', 'libx264'],
    now: () => clock.now,
    trialTime: 10_000,
    ...given,
  });
  open.push(encoders);
  return { encoders, clock };
}

const nvenc = (fault: Fault): Behaviour => ({ encoders: { h264_nvenc: fault } });

/** One fault an encoder. */
const FAULTS: readonly (readonly [encoder: string, Fault, reason: RegExp | null])[] = [
  ['h264_nvenc', { how: 'fails' }, /ended with code 1: \[h264_nvenc\] No capable devices found/],
  ['h264_qsv', { how: 'dies', after: 5 }, /SIGSEGV/],
  ['h264_vaapi', { how: 'garbage' }, /box|moov/],
  ['h264_amf', { how: 'loses', after: 10 }, /^10 pictures came out of 16$/],
  ['h264_v4l2m2m', { how: 'keyless' }, /^Key pictures are 0, not 0, 8$/],
  ['h264_rkmpp', { how: 'negative' }, /^Its pictures are not those it was given \(SSIM /],
  ['h264_videotoolbox', { how: 'mistagged' }, /colour/],
  ['libx264', { how: 'works' }, null],
];

describe('an encoder that', () => {
  let results: readonly TrialResult[] = [];
  let names: readonly string[] = [];

  beforeAll(async () => {
    if (!hasFfmpeg) return;
    const hardware = FAULTS.filter(([name]) => name !== 'libx264');
    const fake = await fakeFfmpeg({ encoders: Object.fromEntries(hardware) });
    const { encoders } = openBy(fake.program, { order: FAULTS.map(([name]) => name) });
    names = await encoders.encodersFor(SMALL, never);
    results = await encoders.trials(SMALL, never);
    encoders.close();
    fake.remove();
  }, 60_000);

  it.for(someOf(FAULTS, 2))('%s: %o', ([encoder, , reason], context) => {
    needsFfmpeg(context);
    const result = results.find((one) => one.encoder === encoder);
    expect(result?.command).toContain(encoder);
    if (reason !== null) expect(result?.reason).toMatch(reason);
    else expect(result).toMatchObject({ reason: null, codecString: 'avc1.640014' });
  });

  it('is right is the only one that is used', (context) => {
    needsFfmpeg(context);
    expect(names).toEqual(['libx264']);
  });

  it('hangs is given up in time, and nothing of it is left', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn(nvenc({ how: 'hangs' }));
    const { encoders } = openBy(fake.program, { trialTime: 2000 });
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['libx264']);
    const [first] = await encoders.trials(SMALL, never);
    expect(first?.reason).toMatch(/too long|gave nothing/);
    for (const { pid } of fake.runs()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('trials are made once', () => {
  it('for all who ask, and for each size, depth and codec', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn(nvenc({ how: 'works' }));
    const { encoders } = openBy(fake.program, { order: ['h264_nvenc'] });
    const tried = () => fake.runs().filter(({ encoder }) => encoder === 'h264_nvenc').length;
    await Promise.all([1, 2, 3].map(() => encoders.encodersFor(SMALL, never)));
    await encoders.encodersFor({ ...SMALL, width: 640, height: 360 }, never);
    expect(tried()).toBe(1);
    await encoders.encodersFor({ ...SMALL, depth: 10, range: 'PQ', colour: PQ }, never);
    expect(tried()).toBe(1);
    await encoders.encodersFor({ ...SMALL, width: 1440, height: 720, maxBitrate: 5e6 }, never);
    expect(tried()).toBe(2);
  });

  it('until some time after a failure', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn(nvenc({ how: 'fails' }));
    const { encoders, clock } = openBy(fake.program, { order: ['h264_nvenc'] });
    expect(await encoders.encodersFor(SMALL, never)).toEqual([]);
    fake.behave(nvenc({ how: 'works' }));
    clock.now += 60_000;
    expect(await encoders.encodersFor(SMALL, never)).toEqual([]);
    clock.now += 10 * 60_000;
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['h264_nvenc']);
  });

  it('who asks and leaves does not end them for others', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({});
    const { encoders } = openBy(fake.program, { order: ['libx264'] });
    const controller = new AbortController();
    const left = encoders.encodersFor(SMALL, controller.signal);
    const stayed = encoders.encodersFor(SMALL, never);
    controller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(await stayed).toEqual(['libx264']);
  });
});

describe('order', () => {
  it('of those that failed lately: last, for a while', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn(nvenc({ how: 'works' }));
    const { encoders, clock } = openBy(fake.program);
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['h264_nvenc', 'libx264']);
    encoders.demote('h264_nvenc', 'It died');
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['libx264', 'h264_nvenc']);
    clock.now += 6 * 60_000;
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['h264_nvenc', 'libx264']);
  });

  it('families by their name; what is not named is not used', async (context) => {
    needsFfmpeg(context);
    const { encoders } = openBy('ffmpeg', { order: ['software'] });
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['libx264']);
    expect(inOrder(ENCODERS, ['software', 'vaapi']).map(({ name }) => name)).toEqual([
      ...['libx264', 'libx265', 'libsvtav1', 'libaom-av1'],
      ...['h264_vaapi', 'hevc_vaapi', 'av1_vaapi'],
    ]);
  });

  it('without hardware of its kind no process is started', async (context) => {
    needsFfmpeg(context);
    const works = { how: 'works' } as const;
    const fake = await standIn({ encoders: { h264_nvenc: works, h264_qsv: works, h264_vaapi: works } });
    const { encoders } = openBy(fake.program, { order: ['nvenc', 'qsv', 'vaapi'], platform: 'darwin' });
    const results = await encoders.trials(SMALL, never);
    expect(results.map(({ encoder, reason }) => `${encoder}: ${reason}`)).toEqual([
      'h264_nvenc: macOS has no NVENC',
      'h264_qsv: macOS has no Quick Sync that FFmpeg knows',
      'h264_vaapi: Only Linux has VA-API',
    ]);
    expect(results.every(({ command }) => command.length === 0)).toBe(true);
    expect(fake.runs().filter(({ encoder }) => encoder !== null)).toEqual([]);
  });
});

describe('an FFmpeg that', () => {
  it.for<readonly [what: string, Behaviour, message: RegExp]>([
    ['is too old', { version: '4.4.2' }, /4\.4\.2 is too old: 5\.1 is needed/],
    ['is none', { isMute: true }, /does not answer as FFmpeg does/],
  ])('%s has no encoders', async ([, behaviour, message], context) => {
    needsFfmpeg(context);
    const fake = await standIn(behaviour);
    const { encoders } = openBy(fake.program);
    expect(await encoders.encodersFor(SMALL, never)).toEqual([]);
    await expect(encoders.trials(SMALL, never)).rejects.toMatchObject({
      code: 'not-offered',
      message: expect.stringMatching(message),
    });
  });

  it('is not there has none either, until it is there', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({});
    const { encoders, clock } = openBy(`${fake.folder}/later`, { order: ['libx264'] });
    expect(await encoders.encodersFor(SMALL, never)).toEqual([]);
    const { symlinkSync } = await import('node:fs');
    symlinkSync(fake.program, `${fake.folder}/later`);
    clock.now += 61_000;
    expect(await encoders.encodersFor(SMALL, never)).toEqual(['libx264']);
  });

  it('lacks an encoder goes without it', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({ lacks: ['libx264'] });
    const { encoders } = openBy(fake.program, { order: ['libx264'] });
    expect(await encoders.encodersFor(SMALL, never)).toEqual([]);
    expect(await encoders.trials(SMALL, never)).toMatchObject([{ reason: 'FFmpeg was built without it' }]);
  });

  it('lacks a filter tells so of the films that need it', async (context) => {
    needsFfmpeg(context);
    const fake = await standIn({ lacks: ['zscale'] });
    const { encoders } = openBy(fake.program);
    const film = { source: track({ colour: PQ }), target: SMALL };
    expect(await encoders.reasonAgainst(film, never)).toMatch(/without the filter zscale/);
    expect(await encoders.reasonAgainst({ ...film, source: track() }, never)).toBeNull();
    const pictures = encoders.encode(run(film), null, never)[Symbol.asyncIterator]();
    await expect(pictures.next()).rejects.toMatchObject({ code: 'not-offered' });
  });
});
