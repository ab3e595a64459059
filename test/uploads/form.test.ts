import { describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { readForm } from '../../src/uploads/form.ts';

const BOUNDARY = '----WebKitFormBoundaryAbC';

/** What comes of a form whose body arrives in pieces of one size. */
function read(body: Buffer, size: number, type = `multipart/form-data; boundary=${BOUNDARY}`) {
  return new Promise<{ readonly name: string | null; readonly file: Buffer }>((resolve, reject) => {
    const parts: Buffer[] = [];
    let fileName: string | null = null;
    const sink = readForm(type, {
      file: (name) => {
        fileName = name;
      },
      // Bytes are taken when they come: what is given must not be written over later.
      data: (chunk) => parts.push(chunk),
      end: () => resolve({ name: fileName, file: Buffer.concat(parts) }),
      fail: reject,
    });
    for (let at = 0; at < body.length; at += size) sink.write(body.subarray(at, at + size));
    sink.end();
  });
}

const formOf = (file: Buffer, disposition = 'name="f"; filename="film.mkv"') =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    file,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);

/** Bytes that look like the end of the file for a while. */
const TRAPS: Readonly<Record<string, Buffer>> = {
  'line ends': Buffer.from('\r\n\r\n\r\r\n\n\r'),
  'boundaries without their line end': Buffer.from(`x--${BOUNDARY}\n--${BOUNDARY}--`),
  'boundaries that are cut': Buffer.from(
    Array.from({ length: BOUNDARY.length }, (_, i) => `\r\n--${BOUNDARY}`.slice(0, i + 1)).join(''),
  ),
  'a boundary but for its last letter': Buffer.from(`\r\n--${BOUNDARY.slice(0, -1)}D\r\n`),
  'every byte': Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) & 255)),
  'dashes and line ends': Buffer.from('\r\n--\r\n----\r\n--\r\n-'.repeat(20)),
};

describe('the file of a form', () => {
  it.for(Object.entries(TRAPS))('%s: the same bytes in pieces of any size', async ([, file]) => {
    const body = formOf(file);
    for (const size of [1, 2, 3, 5, 7, 13, 29, 31, 64, 257, body.length])
      expect((await read(body, size)).file.equals(file), `pieces of ${size}`).toBe(true);
  });

  const NAMES: readonly (readonly [string, string | null])[] = [
    ['name="f"; filename="film.mkv"', 'film.mkv'],
    ['name="f"; filename=film.mkv', 'film.mkv'],
    ['name="f"; filename="../../film.mkv"', 'film.mkv'],
    ['name="f"; filename="C:\\\\Filme\\\\film.mkv"', 'film.mkv'],
    ['name="f"; filename="Größe.mkv"', 'Größe.mkv'],
    [`name="f"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.mkv`, 'Größe.mkv'],
    ['name="f"; filename=""', null],
  ];
  it.for(NAMES)('%s: %s', async ([disposition, name]) => {
    expect((await read(formOf(Buffer.from('x'), disposition), 4096)).name).toBe(name);
  });

  it.for([
    `multipart/form-data; boundary="${BOUNDARY}"`,
    `multipart/form-data;boundary=${BOUNDARY}`,
    `Multipart/Form-Data; charset=utf-8; Boundary=${BOUNDARY}; x=y`,
  ])('of type %s', async (type) => {
    expect((await read(formOf(Buffer.from('x')), 4096, type)).file.toString()).toBe('x');
  });

  it.for([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="a b "',
    'multipart/form-data; boundary="ä"',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; xboundary=abc',
  ])('not of type %s', (type) => {
    const events = { file() {}, data() {}, end() {}, fail() {} };
    expect(() => readForm(type, events)).toThrow(MediaError);
  });
});
