import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type Box, boxes, only } from '../../pipeline/mp4-reader.ts';
import { masterPath, openTitle, rendition, type ServedApp, serveApp } from '../serve-app.ts';

let upstream: Upstream;
let app: ServedApp;

beforeAll(async () => {
  upstream = await startUpstream(file(fixture('demo'), { headers: { etag: '"f"' } }));
  app = await serveApp();
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});

const path = (name: string, more = '') =>
  `/proxy/${name}?d=${encodeURIComponent(`${upstream.url}/demo.mkv`)}${more}`;

/** A fragment's track, decode time and bytes. */
interface Piece {
  readonly track: number;
  readonly time: number;
  readonly bytes: string;
}

const number = (data: Uint8Array, at: number) => new DataView(data.buffer, data.byteOffset).getUint32(at);
const time = (tfdt: Uint8Array) => Number(new DataView(tfdt.buffer, tfdt.byteOffset).getBigUint64(4));

function pieces(list: readonly Box[]): Piece[] {
  return list.flatMap(({ type, data }, i) => {
    const media = list[i + 1];
    if (type !== 'moof' || media?.type !== 'mdat') return [];
    const traf = only(data, 'traf');
    return {
      track: number(only(traf, 'tfhd'), 4),
      time: time(only(traf, 'tfdt')),
      bytes: Buffer.from(media.data).toString('base64'),
    };
  });
}

/** A list and what it leads to. */
async function openList() {
  const address = path('transcode/playlist.m3u8');
  const { text } = await app.ask(address);
  const at = (uri: string) => new URL(uri, new URL(address, app.url)).href;
  return {
    text,
    init: at(/URI="([^"]+)"/.exec(text)?.[1] ?? ''),
    segments: [...text.matchAll(/^(?!#).+$/gm)].map(([uri]) => at(uri)),
  };
}

const of = (track: number, list: readonly Piece[]) =>
  list.filter((piece) => piece.track === track).map(({ time: t, bytes }) => ({ time: t, bytes }));

describe('a film in one stream', () => {
  it('has in each segment what the renditions have in theirs', async () => {
    const { segments, init } = await openList();
    const title = await openTitle(app, masterPath(`${upstream.url}/demo.mkv`));
    const names = [...title.media.keys()];
    const [video = '', audio = ''] = [
      names.find((name) => name.startsWith('v')),
      names.find((name) => name.startsWith('a')),
    ];
    const lists = [rendition(title, video).segments, rendition(title, audio).segments];
    expect(segments).toHaveLength(lists[0]?.length ?? 0);
    for (const [n, address] of segments.entries()) {
      const list = boxes((await app.ask(address)).body);
      const found = pieces(list);
      expect(list.filter(({ type }) => type === 'styp')).toHaveLength(1);
      for (const [i, own] of lists.entries()) {
        const expected = pieces(boxes((await app.ask(own[n] ?? '')).body));
        expect(of(i + 1, found)).toEqual(of(1, expected));
      }
    }
    const moov = only((await app.ask(init)).body, 'moov');
    const ids = boxes(moov)
      .filter(({ type }) => type === 'trak')
      .map(({ data }) => number(only(data, 'tkhd'), 12));
    expect(ids).toEqual([1, 2]);
  });

  it('numbers its fragments upwards', async () => {
    const { segments } = await openList();
    const numbers: number[] = [];
    for (const address of segments)
      for (const { type, data } of boxes((await app.ask(address)).body))
        if (type === 'moof') numbers.push(number(only(data, 'mfhd'), 4));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it('tells neither the upstream nor where it is, and its addresses ask for no password', async () => {
    const closed = await serveApp({ env: { API_PASSWORD: 'word' } });
    const list = await closed.ask(path('transcode/playlist.m3u8', '&api_password=word'));
    expect(list.text).not.toMatch(new RegExp(`word|demo|${upstream.port}`));
    const uri = /^segment\S+/m.exec(list.text)?.[0] ?? '';
    expect((await closed.ask(`/proxy/transcode/${uri}`)).status).toBe(200);
    await closed.close();
  });

  it('is gone when the film has changed', async () => {
    const { segments } = await openList();
    const changed = (segments[0] ?? '').replace(/version=\w+/, 'version=0123456789abcdef');
    expect((await app.ask(changed)).status).toBe(410);
  });

  it('finds a segment by its time, to the millisecond', async () => {
    const { text } = await openList();
    const start = Number(/start_ms=(\d+)&end_ms=\d+&seg=2/.exec(text)?.[1]);
    for (const [by, status] of [
      [0, 200],
      [1, 200],
      [-1, 200],
      [2, 404],
      [-2, 404],
    ] as const)
      expect((await app.ask(path('transcode/segment.m4s', `&start_ms=${start + by}`))).status).toBe(status);
  });

  it('is what it is, whatever a query calls it', async () => {
    const more = '&transcode=true&r_content-type=text%2Fhtml&rp_content-type=text%2Fhtml&r_x-one=1';
    const { headers } = await app.ask(path('stream', more));
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'x-content-type-options': 'nosniff',
      'x-one': '1',
    });
  });

  it('from a second on it is one file, whose times begin with it', async () => {
    const { body, headers } = await app.ask(path('stream', '&transcode=true&start=13'));
    expect(headers['x-content-duration']).toMatch(/^60\.\d{3}$/);
    const list = boxes(body);
    expect(list.slice(0, 3).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'moof']);
    const found = pieces(list);
    for (const track of [1, 2]) expect(of(track, found)[0]?.time).toBeLessThan(10_000);
  });
});
