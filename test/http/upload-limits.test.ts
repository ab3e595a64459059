import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { fixture } from '../helpers/fixtures.ts';
import { endlessBytes, FILE, formOf, formType, inPieces, partHead, sendBody } from './send-body.ts';
import { asForm, formWith, post, UploadBench } from './upload-bench.ts';

const film = fixture('no-audio');
const MEGABYTE = 2 ** 20;
const PATHS = ['/uploads', '/remux'] as const;
/** Milliseconds that a busy machine may take longer. */
const PATIENCE = 5000;

let bench: UploadBench;
beforeEach(() => {
  bench = new UploadBench();
});
afterEach(() => bench.clear());

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Pieces with a pause before each. */
async function* slowly<T>(pieces: Iterable<T>, pause: number): AsyncGenerator<T> {
  for (const piece of pieces) {
    await wait(pause);
    yield piece;
  }
}

/** The beginning of a form with a file, and then nothing for so long. */
async function* stuck(pause: number): AsyncGenerator<Uint8Array | string> {
  yield partHead(FILE);
  yield film.subarray(0, 20_000);
  await new Promise((resolve) => setTimeout(resolve, pause).unref());
}

describe('a sender that is slow', () => {
  it.for(PATHS)('%s: one that stops is answered after a while', async (path) => {
    const app = await bench.serve({ desk: { pace: { bytes: 1000, time: 200 } } });
    const start = performance.now();
    const { status, json } = await post(app, path, asForm(stuck(1500)));
    expect([status, json.error.code]).toEqual([422, 'truncated']);
    expect(json.error.message).toMatch(/less than 1000 bytes came in 0.2 s/);
    expect(performance.now() - start).toBeLessThan(PATIENCE);
    expect(bench.files()).toEqual([]);
    expect(app.log).toEqual([]);
  });

  it.for(PATHS)('%s: so is one that drips', async (path) => {
    const app = await bench.serve({ desk: { pace: { bytes: 1000, time: 300 } } });
    const { json, sent } = await post(app, path, asForm(slowly(inPieces(film, 10), 20)));
    expect(json.error).toMatchObject({ code: 'truncated', message: expect.stringMatching(/stopped/) });
    expect(sent).toBeLessThan(10_000);
  });

  it.for(PATHS)('%s: the file must begin soon, whatever comes before it', async (path) => {
    const app = await bench.serve({ desk: { head: 300 } });
    const fields = Array.from({ length: 90 }, (_, i) => `${partHead(`name="f${i}"`)}${'v'.repeat(5000)}\r\n`);
    const { status, json } = await post(app, path, asForm(slowly(fields, 20)));
    expect([status, json.error.code]).toEqual([422, 'truncated']);
    expect(json.error.message).toMatch(/did not begin within 0.3 s/);
  });

  it.for(PATHS)('%s: nor may all of it take too long', async (path) => {
    const app = await bench.serve({ desk: { time: 400 } });
    const { json } = await post(app, path, asForm(slowly(formOf(inPieces(film, 500)), 20)));
    expect(json.error).toMatchObject({ code: 'limit', message: expect.stringMatching(/longer than 0.4 s/) });
    expect(bench.files()).toEqual([]);
  });

  it('but steady enough is waited for', async () => {
    const app = await bench.serve({ desk: { pace: { bytes: 1000, time: 400 } } });
    const body = slowly(formOf(inPieces(film, 3000)), 60);
    expect((await post(app, '/uploads', asForm(body))).status).toBe(201);
  });
});

describe('a sender that leaves', () => {
  it.for(PATHS)('%s: nothing is left, and it is no event', async (path) => {
    const app = await bench.serve();
    const { socket } = await sendBody(app.url, path, asForm(stuck(30_000)));
    await wait(50);
    if (path === '/uploads') await expect.poll(() => bench.files()).toHaveLength(1);
    socket.destroy();
    await expect.poll(() => bench.files()).toEqual([]);
    await wait(50);
    expect(app.log).toEqual([]);
  });

  it('makes room for others, of whom there are so many at a time', { timeout: 60_000 }, async () => {
    const app = await bench.serve();
    const hold = () => sendBody(app.url, '/uploads', asForm(stuck(30_000)));
    const held = await Promise.all(Array.from({ length: LIMITS.uploadsAtOnce }, hold));
    await expect.poll(() => bench.files()).toHaveLength(LIMITS.uploadsAtOnce);
    const { status, json, head } = await post(app, '/uploads', formWith(film));
    expect([status, json.error.code]).toEqual([503, 'busy']);
    expect(head).toMatch(/^retry-after: \d+$/im);
    for (const { socket } of held) socket.destroy();
    await expect.poll(() => bench.files()).toEqual([]);
    expect((await post(app, '/uploads', formWith(film))).status).toBe(201);
  });
});

describe('a file that is too large', () => {
  const TOO_LARGE = { code: 'limit', message: expect.stringMatching(/larger than 1 MB.*SLUICE_UPLOAD_MB/) };

  it.for(PATHS)('%s: is refused by what its sender declares, before a byte of it', async (path) => {
    const app = await bench.serve({ env: { SLUICE_UPLOAD_MB: '1' } });
    const headers = { 'Content-Length': String(2 * MEGABYTE) };
    const { status, json } = await post(app, path, { headers });
    expect([status, json.error]).toEqual([413, TOO_LARGE]);
  });

  it.for([
    ['in a form', (pieces: Iterable<Uint8Array>) => asForm(formOf(pieces))],
    ['as the body', (pieces: Iterable<Uint8Array>) => ({ body: pieces })],
  ] as const)('%s: is refused where it goes past the limit', async ([, sent]) => {
    const app = await bench.serve({ env: { SLUICE_UPLOAD_MB: '1' } });
    const pieces = inPieces(Buffer.concat([film, Buffer.alloc(3 * MEGABYTE)]), 65_536);
    const { status, json } = await post(app, '/uploads', sent(pieces));
    expect([status, json.error]).toEqual([413, TOO_LARGE]);
    expect(bench.files()).toEqual([]);
  });

  it('for the folder: by its length, or when it is met', async () => {
    const app = await bench.serve({ env: { SLUICE_UPLOADS_MB: '1' } });
    const early = await post(app, '/uploads', { headers: { 'Content-Length': String(2 * MEGABYTE) } });
    const late = await post(app, '/uploads', asForm(formOf(endlessBytes())));
    for (const { status, json } of [early, late]) {
      expect([status, json.error.code]).toEqual([413, 'limit']);
      expect(json.error.message).toMatch(/1 MB left of 1.*SLUICE_UPLOADS_MB|0 MB left of 1/);
    }
    expect(late.sent).toBeLessThan(64 * MEGABYTE);
    expect(bench.files()).toEqual([]);
    const stored = await post(app, '/uploads', { body: [new Uint8Array(MEGABYTE - 10)] });
    expect(stored.status).toBe(201);
    expect((await post(app, '/uploads', formWith(film))).status).toBe(413);
    await app.ask(`/uploads/${stored.json.id}`, { method: 'DELETE' });
    expect((await post(app, '/uploads', formWith(film))).status).toBe(201);
  });
});

describe('a sender that asks for leave first', () => {
  /** What the server says to the head alone, within half a second. */
  async function firstLine(url: string, path: string, length: number): Promise<string> {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n` +
        `Content-Type: ${formType['Content-Type']}\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString().split('\r\n', 1)[0] ?? '';
  }

  it.for([
    ['/uploads', 100, 'HTTP/1.1 100 Continue'],
    ['/remux', 100, 'HTTP/1.1 100 Continue'],
    ['/uploads', 2 * MEGABYTE, 'HTTP/1.1 413 Payload Too Large'],
    ['/remux?video=x', 100, 'HTTP/1.1 400 Bad Request'],
    ['/uploads/none', 100, 'HTTP/1.1 404 Not Found'],
  ] as const)('%s of %i bytes: %s', async ([path, length, line]) => {
    const app = await bench.serve({ env: { SLUICE_UPLOAD_MB: '1' } });
    expect(await firstLine(app.url, path, length)).toBe(line);
  });
});
