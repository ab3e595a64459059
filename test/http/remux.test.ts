import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { SKIPPED } from '../helpers/chromium.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture, fixturePath } from '../helpers/fixtures.ts';
import { largeFilm } from './large-film.ts';
import {
  BOUNDARY,
  type Exchange,
  FILE,
  formOf,
  formType,
  inPieces,
  partHead,
  type SendOptions,
  sendBody,
} from './send-body.ts';
import type { ServedApp } from './serve-app.ts';
import { asForm, formWith, post, UploadBench } from './upload-bench.ts';

const MEGABYTE = 2 ** 20;
let film: Uint8Array;
beforeAll(() => {
  film = largeFilm({ seconds: 24, bytesPerSecond: 1_000_000, paddedEvery: 1 });
});

let bench: UploadBench;
let app: ServedApp;
beforeEach(async () => {
  bench = new UploadBench();
  app = await bench.serve();
});
afterEach(() => bench.clear());

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A body sent in chunks, put together; whether its end was told. */
function unchunked(bytes: Buffer): { readonly body: Buffer; readonly isWhole: boolean } {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (Number.isNaN(size) || line + 2 + size > bytes.length)
      return { body: Buffer.concat(parts), isWhole: false };
    if (size === 0) return { body: Buffer.concat(parts), isWhole: true };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

interface Remuxed {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
  readonly isWhole: boolean;
}

async function remux(options: SendOptions, query = ''): Promise<Remuxed> {
  const headers = { ...options.headers, Connection: 'close' };
  const { answer, done, socket } = await sendBody(app.url, `/remux${query}`, { ...options, headers });
  const { status, head, body } = await answer();
  await done;
  socket.destroy();
  return { status, head, ...unchunked(body) };
}

/** Hashes of the packets of one stream. */
function packetsOf(file: Uint8Array, stream: string): string[] {
  const options = [
    '-i',
    'pipe:0',
    '-map',
    `0:${stream}`,
    '-c',
    'copy',
    '-f',
    'framehash',
    '-hash',
    'md5',
    '-',
  ];
  const { stdout } = run('ffmpeg', options, file);
  const lines = stdout.toString().split('\n');
  return lines.flatMap((line) => /^\d.*, *([\da-f]{32})$/.exec(line)?.[1] ?? []);
}

describe('what is posted to /remux', () => {
  const ROWS = ['demo', 'bframes-aac', 'hevc', 'open-gop', 'av1-eac3', 'vp9-opus'] as const;
  it.for(ROWS)(
    '%s comes back with the pictures that it had',
    { timeout: 60_000 },
    async (name, context: TestContext) => {
      needsFfmpeg(context);
      const { status, head, body, isWhole } = await remux(formWith(fixture(name)));
      expect([status, isWhole]).toEqual([200, true]);
      expect(head).toMatch(/^content-type: video\/mp4$/im);
      expect(head).toMatch(/^accept-ranges: none$/im);
      expect(head).toMatch(/^cache-control: no-store$/im);
      const before = packetsOf(fixture(name), 'v:0');
      expect(before.length).toBeGreaterThan(20);
      expect(packetsOf(body, 'v:0')).toEqual(before);
      expect(run('ffprobe', ['-show_streams', 'pipe:0'], body).stderr).toBe('');
    },
  );

  it('is the same in a form, as the body, and in pieces of any size', async () => {
    const whole = await remux(formWith(film));
    expect(whole.isWhole).toBe(true);
    for (const options of [
      { body: [film] },
      { body: inPieces(film, 100_003) },
      asForm(formOf(inPieces(film, 4099))),
      { headers: { 'Content-Length': String(film.length) }, body: inPieces(film, 300_000) },
    ]) {
      const { body, isWhole } = await remux(options);
      expect([isWhole, body.equals(whole.body)]).toEqual([true, true]);
    }
    expect(app.log).toEqual([]);
  });

  it('may be a transport stream, which is over when the upload is', async (context) => {
    needsFfmpeg(context);
    const start = performance.now();
    const { body, isWhole } = await remux(formWith(fixture('transport')));
    expect(isWhole).toBe(true);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(packetsOf(body, 'v:0')).toHaveLength(72);
  });

  it('gives only the tracks that are asked for, and says which it left out', async (context) => {
    needsFfmpeg(context);
    const { head, body } = await remux(formWith(fixture('two-languages')), '?audio=de');
    const omitted = /^sluice-omitted: (.+)$/im.exec(head)?.[1] ?? '';
    expect(omitted).toMatch(/^[\w%!'()*~., -]+$/);
    expect(omitted.split(', ').map(decodeURIComponent)).toEqual([
      expect.stringMatching(/^audio \d: not asked for$/),
    ]);
    const { stdout } = run(
      'ffprobe',
      ['-show_entries', 'stream=codec_type', '-of', 'csv=p=0', 'pipe:0'],
      body,
    );
    expect(stdout.toString().trim().split('\n').sort()).toEqual(['audio', 'video']);
    expect((await remux(formWith(fixture('bframes-aac')))).head).not.toMatch(/sluice-omitted/i);
  });

  const NAMES: readonly (readonly [string, string, string])[] = [
    ['filename="film.mkv"', 'film.mp4', 'film.mp4'],
    ['filename="A film (2019).part1.ts"', 'A film (2019).part1.mp4', 'A%20film%20%282019%29.part1.mp4'],
    ['filename="Größe.mkv"', 'Gr__e.mp4', 'Gr%C3%B6%C3%9Fe.mp4'],
    ['filename="../../etc/pass\\"wd.mkv"', 'passwd.mp4', 'passwd.mp4'],
    ['filename="C:\\Filme\\x.mkv"', 'x.mp4', 'x.mp4'],
    ['filename="x\u0001\u202egpj.mkv"', 'xgpj.mp4', 'xgpj.mp4'],
    ['filename=".mkv"', 'remux.mp4', 'remux.mp4'],
    [`filename="${'a'.repeat(300)}.mkv"`, `${'a'.repeat(120)}.mp4`, `${'a'.repeat(120)}.mp4`],
  ];
  it.for(NAMES)('%s is called %s', async ([given, plain, real]) => {
    const { head } = await remux(asForm(formOf([fixture('no-audio')], `name="file"; ${given}`)));
    const disposition = /^content-disposition: (.+)$/im.exec(head)?.[1];
    expect(disposition).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${real}`);
  });

  it('without a name is called something', async () => {
    expect((await remux({ body: [fixture('no-audio')] })).head).toContain('filename="remux.mp4"');
  });

  it('leaves the connection to the next request', async () => {
    const sizes: number[] = [];
    for (let i = 0; i < 3; i++) {
      const form = new FormData();
      form.set('file', new Blob([Buffer.from(fixture('no-audio'))]), 'a.mkv');
      const answer = await fetch(`${app.url}/remux`, { method: 'POST', body: form });
      sizes.push((await answer.arrayBuffer()).byteLength);
    }
    expect(new Set(sizes).size).toBe(1);
    expect(app.log).toEqual([]);
  });
});

describe('what cannot be remuxed', () => {
  it('no media: one error, at once', async () => {
    const text = Buffer.from('Nothing to see here. '.repeat(3_000_000));
    const start = performance.now();
    const { status, json } = await post(app, '/remux', asForm(formOf(inPieces(text, 65_536))));
    expect([status, json.error.code]).toEqual([422, 'unsupported']);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(app.log).toEqual([]);
  });

  it('a query that is none', async () => {
    const { status, json } = await post(app, '/remux?video=first', formWith(film));
    expect([status, json.error.code]).toEqual([400, 'bad-request']);
  });

  const CUT: Readonly<Record<string, () => Iterable<Uint8Array | string>>> = {
    'a form that ends before its last boundary': () => [partHead(FILE), film],
    'a second file': () => [partHead(FILE), film, '\r\n', ...formOf([film])],
  };
  it.for(Object.entries(CUT))('%s: the transfer breaks off, so that nobody takes it for whole', async ([
    ,
    body,
  ]) => {
    const { status, isWhole } = await remux(asForm(body()));
    expect([status, isWhole]).toEqual([200, false]);
    expect(app.log.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: remux of an upload broken off',
    ]);
  });
});

/** Half of a form with a file. */
async function* stuck(): AsyncGenerator<Uint8Array | string> {
  yield partHead(FILE);
  yield film.subarray(0, 10 * MEGABYTE);
  await new Promise(() => undefined);
}

/** Bytes of the answer so far, each moment. */
function counted({ socket }: Exchange): () => number {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  return () => bytes;
}

describe('both ways at once', () => {
  it('the answer begins long before the upload ends', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const half = Math.floor(film.length / 2);
    const body = async function* () {
      yield partHead(FILE);
      yield film.subarray(0, half);
      await held;
      yield film.subarray(half);
      yield `\r\n--${BOUNDARY}--\r\n`;
    };
    const exchange = await sendBody(app.url, '/remux', {
      headers: { ...formType, Connection: 'close' },
      body: body(),
    });
    const received = counted(exchange);
    expect(await exchange.head()).toMatch(/^HTTP\/1.1 200/);
    // Segments of 2, 2 and 4 s are whole.
    await expect.poll(received).toBeGreaterThan(6_000_000);
    goOn();
    await exchange.done;
    const { body: answer } = await exchange.answer();
    expect(unchunked(answer).isWhole).toBe(true);
  });

  it('who does not read is sent no more, and is no slow sender: it goes on when it reads', async () => {
    const large = largeFilm({ seconds: 40, bytesPerSecond: 2_000_000, paddedEvery: 1 });
    app = await bench.serve({ desk: { pace: { bytes: 1000, time: 800 } } });
    const expected = await remux(formWith(large));
    const exchange = await sendBody(app.url, '/remux', {
      headers: { ...formType, Connection: 'close' },
      body: formOf(inPieces(large, 65_536)),
    });
    exchange.socket.pause();
    await wait(1000);
    const stalled = exchange.sent();
    await wait(1000);
    expect(exchange.sent(), 'it has come to a halt').toBe(stalled);
    expect(stalled).toBeLessThan(large.length / 2);
    exchange.socket.resume();
    const { body } = await exchange.answer();
    expect(unchunked(body).body.equals(expected.body)).toBe(true);
    expect(app.log).toEqual([]);
  });

  it('who leaves in the middle leaves nothing, and is no event', async () => {
    for (let i = 0; i < 20; i++) {
      const exchange = await sendBody(app.url, '/remux', asForm(stuck()));
      const received = counted(exchange);
      if (i % 2 === 0) await expect.poll(received).toBeGreaterThan(100_000);
      exchange.socket.destroy();
    }
    await wait(100);
    expect((await remux(formWith(film))).isWhole, 'more than may be under way at a time').toBe(true);
    expect(app.log).toEqual([]);
  });
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('curl', () => {
  let folder: string;
  beforeEach((context) => {
    if (!hasCurl) context.skip(SKIPPED);
    folder = mkdtempSync(join(tmpdir(), 'sluice-curl-'));
  });
  afterEach(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function curl(...args: readonly string[]) {
    const child: ChildProcess = spawn('curl', ['-sS', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  it('-F file=@film > out.mp4', async () => {
    const out = join(folder, 'out.mp4');
    const answer = await curl('-F', `file=@${fixturePath('demo')}`, `${app.url}/remux`, '-o', out);
    expect(answer).toEqual({ code: 0, out: '', err: '' });
    const expected = await remux({ body: [fixture('demo')] });
    expect(readFileSync(out).equals(expected.body)).toBe(true);
  });

  const REFUSED: Readonly<Record<string, readonly string[]>> = {
    'that asks for leave': [],
    'that does not ask': ['-H', 'Expect:'],
    'that does not know its length': ['-H', 'Expect:', '-H', 'Transfer-Encoding: chunked'],
  };
  it.for(Object.entries(REFUSED))('%s shows the error, not that its sending failed', async ([, options]) => {
    const large = join(folder, 'large.txt');
    writeFileSync(large, Buffer.alloc(100 * MEGABYTE, 'Nothing to see here. '));
    for (const path of ['/remux', '/remux?video=x'])
      for (const how of [
        ['-F', `file=@${large}`],
        ['-X', 'POST', '-T', large],
      ]) {
        const { code, out, err } = await curl(...options, ...how, `${app.url}${path}`);
        expect([code, err], `${how[0]} ${path}`).toEqual([0, '']);
        expect(JSON.parse(out).error.code).toMatch(/unsupported|bad-request/);
      }
  });
});
