import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import {
  BOUNDARY,
  type Body,
  endless,
  endlessBytes,
  FILE,
  formOf,
  formType,
  partHead,
  type SendOptions,
} from './send-body.ts';
import { formWith, post, UploadBench } from './upload-bench.ts';

const film = fixture('no-audio');

let bench: UploadBench;
beforeEach(() => {
  bench = new UploadBench();
});
afterEach(() => bench.clear());

function* many(count: number, part: (i: number) => string): Generator<string> {
  for (let i = 0; i < count; i += 1000) yield Array.from({ length: 1000 }, (_, k) => part(i + k)).join('');
  yield `--${BOUNDARY}--\r\n`;
}

interface Attack {
  readonly code: string;
  readonly message: RegExp;
  readonly options: () => SendOptions;
}

const attack = (code: string, message: RegExp, body: () => Body): Attack => ({
  code,
  message,
  options: () => ({ headers: formType, body: body() }),
});

const typed = (code: string, message: RegExp, type: string): Attack => ({
  code,
  message,
  options: () => ({ headers: { 'Content-Type': type }, body: endlessBytes() }),
});

const ATTACKS: Readonly<Record<string, Attack>> = {
  'no boundary': typed('bad-request', /boundary/, 'multipart/form-data'),
  'an empty boundary': typed('bad-request', /boundary/, 'multipart/form-data; boundary=""'),
  'a boundary of 300 characters': typed(
    'bad-request',
    /boundary/,
    `multipart/form-data; boundary=${'x'.repeat(300)}`,
  ),
  'another kind of multipart': typed('unsupported', /form-data/, 'multipart/mixed; boundary=x'),
  'a preamble without end': attack('limit', /1 MB beside/, () => endless('nothing ')),
  'a boundary that never comes': attack('limit', /1 MB beside/, endlessBytes),
  'a part header without end': attack('limit', /1 MB beside/, () =>
    (function* () {
      yield `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="`;
      yield* endless('a');
    })(),
  ),
  'header lines without end': attack('limit', /1 MB beside/, () =>
    (function* () {
      yield `--${BOUNDARY}\r\n`;
      yield* endless('X-Nothing: at all\r\n');
    })(),
  ),
  'a million fields': attack('limit', /100 parts/, () =>
    many(1e6, (i) => `${partHead(`name="f${i}"`)}v\r\n`),
  ),
  'a million parts without a head': attack('limit', /parts|beside/, () =>
    many(1e6, () => `--${BOUNDARY}\r\n\r\n\r\n`),
  ),
  'a million boundaries': attack('limit', /parts|beside/, () => many(1e6, () => `--${BOUNDARY}\r\n`)),
  'a field without end': attack('limit', /beside its file|64 kB/, () =>
    (function* () {
      yield partHead('name="title"');
      yield* endless('x');
    })(),
  ),
  'a field of 65 kB': attack('limit', /64 kB/, () => [
    partHead('name="t"'),
    'x'.repeat(65 * 1024),
    '\r\n',
    ...formOf([film]),
  ]),
  'fields of a megabyte together': attack('limit', /1 MB beside/, () =>
    many(1e6, (i) => `${partHead(`name="f${i}"`)}${'v'.repeat(60_000)}\r\n`),
  ),
  'no file': attack('bad-request', /no file/, () => [
    partHead('name="file"'),
    'film.mkv',
    `\r\n--${BOUNDARY}--\r\n`,
  ]),
  'a form without parts': attack('bad-request', /no file/, () => [`--${BOUNDARY}--\r\n`]),
  'a file part without disposition': attack('bad-request', /no file/, () => [
    `--${BOUNDARY}\r\nContent-Type: video/x-matroska\r\n\r\n`,
    film,
    `\r\n--${BOUNDARY}--\r\n`,
  ]),
  'an empty file': attack('bad-request', /empty/, () => formOf([])),
  'a form in a form': attack('unsupported', /another multipart/, () => [
    partHead('name="files"', 'Content-Type: multipart/mixed; boundary=inner'),
    '--inner\r\nContent-Disposition: file; filename="film.mkv"\r\n\r\n',
    film,
    `\r\n--inner--\r\n--${BOUNDARY}--\r\n`,
  ]),
  'a file that is a form': attack('unsupported', /another multipart/, () => [
    partHead(FILE, 'Content-Type: multipart/mixed; boundary=inner'),
    film,
    `\r\n--${BOUNDARY}--\r\n`,
  ]),
  'a file encoded for mail': attack('unsupported', /Content-Transfer-Encoding/, () => [
    partHead(FILE, 'Content-Transfer-Encoding: base64'),
    Buffer.from(film).toString('base64'),
    `\r\n--${BOUNDARY}--\r\n`,
  ]),
  'a compressed body': {
    code: 'unsupported',
    message: /compressed/,
    options: () => ({ headers: { 'Content-Encoding': 'gzip' }, body: endlessBytes() }),
  },
  'an empty body': { code: 'bad-request', message: /empty/, options: () => ({ body: [] }) },
  'no body': {
    code: 'bad-request',
    message: /no body/,
    options: () => ({ headers: { 'Content-Length': '0' } }),
  },
};

describe('what is no upload', () => {
  const CASES = Object.entries(ATTACKS).flatMap(([name, row]) =>
    ['/uploads', '/remux'].map((path) => [name, path, row] as const),
  );
  it.for(CASES)('%s at %s: one clear error, and nothing left', async ([
    ,
    path,
    { code, message, options },
  ]) => {
    const app = await bench.serve();
    const { status, json, head, sent } = await post(app, path, options());
    expect(json.error).toEqual({ code, message: expect.stringMatching(message) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(head).toMatch(/^content-type: application\/json$/im);
    expect(sent, 'bytes taken').toBeLessThan(64 * 2 ** 20);
    expect(bench.files()).toEqual([]);
    expect(app.log).toEqual([]);
    expect((await post(app, '/uploads', formWith(film))).status, 'the next one').toBe(201);
  });

  /** Here what came before the fault was a whole file: only what stores it can take it back. */
  const LATE: Readonly<Record<string, Attack>> = {
    'no last boundary': attack('truncated', /last boundary/, () => [partHead(FILE), film]),
    'a boundary that is cut': attack('truncated', /last boundary/, () => [
      partHead(FILE),
      film,
      `\r\n--${BOUNDARY}`,
    ]),
    'two files': attack('bad-request', /several files/, () => [
      partHead(FILE),
      film,
      '\r\n',
      ...formOf([film]),
    ]),
    'a million files': attack('bad-request', /several files/, () =>
      many(1e6, () => `${partHead(FILE)}x\r\n`),
    ),
    'an epilogue without end': attack('limit', /1 MB beside/, () =>
      (function* () {
        yield* formOf([film]);
        yield* endless('more ');
      })(),
    ),
  };
  it.for(Object.entries(LATE))('%s: nothing is stored', async ([, { code, message, options }]) => {
    const app = await bench.serve();
    const { json, sent } = await post(app, '/uploads', options());
    expect(json.error).toEqual({ code, message: expect.stringMatching(message) });
    expect(sent).toBeLessThan(64 * 2 ** 20);
    expect(bench.files()).toEqual([]);
  });
});
