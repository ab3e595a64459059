import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../helpers/ffmpeg.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type Answer, ask, masterPath, nth, openTitle, type Question, rendition } from '../http/serve-app.ts';
import { digest } from './films.ts';
import { startNginx } from './nginx.ts';
import { hasProgram, needs } from './services.ts';

const env = { SLUICE_SECRET: 'of both machines', SLUICE_AUDIO_THREADS: '1' };
const SECONDS = 16;

const PROGRAMS = ['nginx', 'ffmpeg'] as const;

/** H.264 with a key picture every two seconds, AC-3 and AAC. */
function makeFilm(folder: string): Uint8Array {
  const path = join(folder, 'film.mkv');
  const sound = (frequency: number) => `sine=frequency=${frequency}:sample_rate=48000:duration=${SECONDS}`;
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '48',
    '-keyint_min',
    '48',
    '-sc_threshold',
    '0',
  ];
  const inputs = [`testsrc=size=320x180:rate=24:duration=${SECONDS}`, sound(440), sound(660)];
  const { stderr } = run(
    'ffmpeg',
    [
      ...inputs.flatMap((input) => ['-f', 'lavfi', '-i', input]),
      ...['-map', '0', '-map', '1', '-map', '2', ...video, '-pix_fmt', 'yuv420p'],
      ...['-c:a:0', 'ac3', '-ac:a:0', '2', '-c:a:1', 'aac', '-ac:a:1', '2', '-y', path],
    ],
    new Uint8Array(),
  );
  if (stderr !== '') throw new Error(stderr);
  return new Uint8Array(readFileSync(path));
}

/** The list in another order, the same each time. */
function shuffled<T>(list: readonly T[], seed: number): T[] {
  const left = [...list];
  const order: T[] = [];
  for (let state = seed; left.length > 0; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    order.push(...left.splice(state % left.length, 1));
  }
  return order;
}

describe('behind nginx', () => {
  let folder: string;
  let upstream: Upstream;
  let machines: RunningSluice[];
  /** What one server alone gives, by path. */
  let expected: ReadonlyMap<string, string>;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    if (!PROGRAMS.every(hasProgram)) return;
    folder = mkdtempSync(join(tmpdir(), 'sluice-machines-'));
    closing.push(async () => rmSync(folder, { recursive: true, force: true }));
    const film = makeFilm(folder);
    upstream = await startUpstream(file(film, { headers: { etag: '"film"' } }));
    machines = await Promise.all([startSluice({ env }), startSluice({ env }), startSluice({ env })]);
    const alone = machines[2];
    if (alone) expected = await read(alone.url, (paths) => paths);
  }, 60_000);
  afterAll(async () => {
    for (const close of closing) await close();
    for (const machine of machines ?? []) await machine.close();
    await upstream?.close();
  });
  beforeEach((context) => {
    for (const program of PROGRAMS) needs(program, context);
  });

  const film = () => masterPath(`${upstream.url}/film.mkv`);
  const addressOf = (machine: RunningSluice | undefined): string => new URL(machine?.url ?? '').host;
  const pair = (): [string, string] => [addressOf(machines[0]), addressOf(machines[1])];
  const reach = (origin: string) => ({
    url: origin,
    ask: (path: string, question?: Question) => ask(new URL(path, `${origin}/`), question),
  });

  /** Everything of the film's playlists in some order; by path below `origin`, which may have a path itself. */
  async function read(
    origin: string,
    order: (paths: readonly string[]) => readonly string[],
    onAnswer: (answer: Answer, path: string) => void = () => undefined,
  ): Promise<Map<string, string>> {
    const app = { url: new URL(origin).origin, ask: reach(origin).ask };
    const title = await openTitle(app as never, new URL(origin).pathname.replace(/\/$/, '') + film());
    const digests = new Map([['master', digest(title.master.body)]]);
    const all = [...title.media.values()].flatMap(({ playlist, init, segments }) => [
      playlist,
      init,
      ...segments,
    ]);
    for (const address of order(all)) {
      const answer = await ask(new URL(address));
      expect(answer.status, address).toBe(200);
      const path = address.slice(address.indexOf('/hls/'));
      onAnswer(answer, path);
      digests.set(path, digest(answer.body));
    }
    return digests;
  }

  async function nginx(more: {
    readonly prefix?: string;
    readonly isCaching: boolean;
    readonly machines?: [string, string];
  }) {
    const service = await startNginx({ machines: pair(), ...more });
    closing.push(() => service.close());
    return service;
  }

  it('two machines in turns give what one gives, in any order, under a path too', async () => {
    expect([...expected.keys()].filter((path) => path.includes('-aac/')).length).toBeGreaterThan(3);
    for (const [seed, prefix] of [
      [1, '/'],
      [2, '/media/'],
    ] as const) {
      const { url } = await nginx({ prefix, isCaching: false });
      const turns = new Map<string, number>();
      const note = ({ headers }: Answer) => {
        const machine = String(headers['x-machine']);
        turns.set(machine, (turns.get(machine) ?? 0) + 1);
      };
      const digests = await read(url + prefix, (paths) => shuffled(paths, seed), note);
      expect(Object.fromEntries(digests)).toEqual(Object.fromEntries(expected));
      expect([...turns.keys()].sort()).toEqual(pair().sort());
      expect(Math.min(...turns.values())).toBeGreaterThan(expected.size / 3);
    }
  });

  it('a second viewer costs machines and upstream nothing', async () => {
    const { url } = await nginx({ isCaching: true });
    const states: string[] = [];
    const note = ({ headers }: Answer) => states.push(String(headers['x-cache']));
    await read(url, (paths) => paths, note);
    expect(new Set(states)).toEqual(new Set(['MISS', 'HIT']));
    states.length = 0;
    const asked = upstream.requests.length;
    const digests = await read(url, (paths) => shuffled(paths, 3), note);
    expect(new Set(states)).toEqual(new Set(['HIT']));
    expect(upstream.requests.length).toBe(asked);
    expect(Object.fromEntries(digests)).toEqual(Object.fromEntries(expected));
  });

  it('the cache answers conditions and HEAD, zips for who takes it, and keeps no error', async () => {
    const { url } = await nginx({ isCaching: true });
    const app = reach(url);
    const title = await openTitle(app as never, film());
    const { playlist, segments } = rendition(title, 'v0');
    const segment = nth(segments, 1);
    const state = ({ status, headers }: Answer) => [status, headers['x-cache']];
    const first = await app.ask(segment);
    const etag = first.headers.etag ?? '';
    expect(state(await app.ask(segment, { headers: { 'if-none-match': etag } }))).toEqual([304, 'HIT']);
    expect(state(await app.ask(segment, { method: 'HEAD' }))).toEqual([200, 'HIT']);
    const zips = { headers: { 'accept-encoding': 'gzip' } };
    const plain = await app.ask(playlist);
    for (const expectedState of ['MISS', 'HIT']) {
      const zipped = await app.ask(playlist, zips);
      expect(state(zipped)).toEqual([200, expectedState]);
      expect(gunzipSync(zipped.body).toString()).toBe(plain.text);
    }
    expect(state(await app.ask(playlist))).toEqual([200, 'HIT']);
    const list = plain.headers.etag ?? '';
    expect((await app.ask(playlist, { headers: { 'if-none-match': list } })).status).toBe(304);
    const gone = segment.replace('/v0/', '/v9/');
    for (let i = 0; i < 2; i++) expect(state(await app.ask(gone))).toEqual([404, 'MISS']);
    // A master is not kept, so that nginx passes no conditions on; others may.
    const machine = reach(machines[0]?.url ?? '');
    const master = await machine.ask(film());
    const again = await machine.ask(film(), { headers: { 'if-none-match': master.headers.etag ?? '' } });
    expect([again.status, again.headers['cache-control']]).toEqual([304, 'no-cache']);
  });

  it('what is private is never given from the cache', async () => {
    const { url } = await nginx({ isCaching: true });
    const app = reach(url);
    const local = masterPath('root:demo/demo.mkv');
    const title = await openTitle(app as never, local);
    const { playlist, init, segments } = rendition(title, 'v0');
    for (const address of [local, playlist, init, nth(segments, 0)]) {
      for (let i = 0; i < 2; i++) {
        const { status, headers } = await app.ask(address);
        expect([status, headers['x-cache'], headers['cache-control']]).toEqual([
          200,
          'MISS',
          expect.stringMatching(/^private, /),
        ]);
      }
      const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
      expect((await app.ask(address, foreign)).status, address).toBe(403);
    }
  });

  it('a body that breaks off is not kept', async () => {
    let isWhole = false;
    const origin = await startUpstream((_, response) => {
      response.writeHead(200, { 'cache-control': 'public, max-age=3600' });
      response.write('half ', () => (isWhole ? response.end('and half') : response.destroy()));
    });
    closing.push(() => origin.close());
    const host = `127.0.0.1:${origin.port}`;
    const { url } = await nginx({ isCaching: true, machines: [host, host] });
    const app = reach(url);
    await expect(app.ask('/hls/x')).rejects.toThrow(/aborted|hang up/);
    isWhole = true;
    const { text, headers } = await app.ask('/hls/x');
    expect([text, headers['x-cache']]).toEqual(['half and half', 'MISS']);
  });

  it('playing goes on when one of them is killed', async () => {
    const victim = await startSluice({ env });
    closing.push(() => victim.close());
    const { url } = await nginx({ isCaching: false, machines: [addressOf(victim), addressOf(machines[1])] });
    let answered = 0;
    const used = new Set<string>();
    const digests = await read(
      url,
      (paths) => shuffled(paths, 4),
      ({ headers }) => {
        const machine = String(headers['x-machine']);
        if (++answered <= 10) used.add(machine);
        if (answered === 10) victim.process.kill('SIGKILL');
        if (answered > 14) expect(machine).toBe(addressOf(machines[1]));
      },
    );
    expect(used.size).toBe(2);
    expect(Object.fromEntries(digests)).toEqual(Object.fromEntries(expected));
  });
});
