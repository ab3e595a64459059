import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { guideText } from '../../src/guide/guide-text.ts';

const XML = '<?xml version="1.0" encoding="UTF-8"?><tv>é€😀</tv>';
const utf8 = Buffer.from(XML);

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size = 1000): Promise<string> {
  let text = '';
  for await (const part of guideText(inPieces(bytes, size))) text += part;
  return text;
}

const named = (name: string) => `<?xml version='1.0' encoding='${name}'?><tv>é</tv>`;

describe('the text of a guide', () => {
  it.each<[string, Uint8Array, string]>([
    ['UTF-8', utf8, XML],
    ['UTF-8 with a mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8]), XML],
    ['gzip', gzipSync(utf8), XML],
    ['gzip in two members', Buffer.concat([gzipSync(utf8), gzipSync(utf8)]), XML + XML],
    ['a gzip file that was sent with gzip', gzipSync(gzipSync(utf8)), XML],
    ['Latin-1', Buffer.from(named('ISO-8859-1'), 'latin1'), named('ISO-8859-1')],
    [
      'Windows',
      Buffer.concat([Buffer.from('<?xml encoding="windows-1251"?>'), Buffer.from([0xc0])]),
      '<?xml encoding="windows-1251"?>А',
    ],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(XML, 'utf16le')]), XML],
    ['UTF-16 without a mark', Buffer.from(XML, 'utf16le'), XML],
    ['UTF-16 without a mark, the other way round', Buffer.from(XML, 'utf16le').swap16(), XML],
    ['UTF-8 that says it is UTF-16', Buffer.from(named('UTF-16')), named('UTF-16')],
    ['UTF-8 that says it is UTF-16LE', Buffer.from(named('utf-16le')), named('utf-16le')],
    [
      'UTF-8 with a mark that says something else',
      Buffer.from(`\ufeff${named('ISO-8859-1')}`),
      named('ISO-8859-1'),
    ],
    ['nothing', new Uint8Array(0), ''],
  ])('%s, in pieces of any size', async (_, bytes, text) => {
    for (const size of [1, 7, 1000]) expect(await read(bytes, size)).toBe(text);
  });

  it.each<[string, Uint8Array, string]>([
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'unsupported'],
    ['zip', Buffer.from('PK\x03\x04'), 'unsupported'],
    ['half a gzip', gzipSync(utf8).subarray(0, 30), 'corrupt'],
    ['a gzip of nothing with something behind it', Buffer.concat([gzipSync(''), utf8]), 'corrupt'],
    ['an unknown encoding', Buffer.from(named('x-klingon')), 'unsupported'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(read(bytes)).rejects.toMatchObject({ code });
  });

  it('keeps what was read where something else than gzip follows', async () => {
    const long = randomBytes(100_000).toString('hex');
    const text = await read(Buffer.concat([gzipSync(long), Buffer.from('<!-- cached -->')]));
    expect(text.length).toBeGreaterThan(180_000);
    expect(long.startsWith(text)).toBe(true);
  });

  it('has a limit, though what is packed is nothing', async () => {
    const empty = Buffer.concat(Array.from({ length: 50_000 }, () => gzipSync('')));
    async function* endless() {
      for (;;) yield empty;
    }
    let length = 0;
    const reading = async () => {
      for await (const part of guideText(endless())) length += part.length;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'limit' });
    expect(length).toBe(0);
  });

  it.each<[string, Uint8Array]>([
    ['of unknown packing', Buffer.from('PK\x03\x04')],
    ['of unknown encoding', Buffer.from(named('x-klingon'))],
    ['that nobody reads on', utf8],
    ['that nobody reads on, packed', gzipSync(utf8)],
  ])('lets go of one %s', async (_, head) => {
    let isLetGo = false;
    async function* endless() {
      try {
        yield head;
        for (;;) yield Buffer.alloc(1000, 0x20);
      } finally {
        isLetGo = true;
      }
    }
    const reading = async () => {
      for await (const part of guideText(endless())) if (part !== '') return;
    };
    await reading().catch(() => undefined);
    await expect.poll(() => isLetGo).toBe(true);
  });
});
