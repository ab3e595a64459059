import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type OpenChannels, openChannels } from '../../src/open-channels.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient, type HttpClient } from '../../src/sources/http.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const COUNT = 500;
const DAYS = 7;
/** Programmes of half an hour. */
const PER_DAY = 48;

const folder = mkdtempSync(join(tmpdir(), 'sluice-guide-'));
let upstream: Upstream;
let client: HttpClient;
let tv: OpenChannels;
let app: ServedApp;

const stamp = (time: number) => `${new Date(time).toISOString().replaceAll(/[-:T]|\..*/g, '')} +0000`;

/** A week of five hundred channels, and of as many that nobody has. */
function* week(): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE tv SYSTEM "xmltv.dtd"><tv>';
  for (let n = 0; n < COUNT * 2; n++)
    yield `<channel id="C${n}.TV"><display-name>Channel ${n}</display-name></channel>\n`;
  for (let n = 0; n < COUNT * 2; n++) {
    let xml = '';
    for (let i = 0; i < DAYS * PER_DAY; i++) {
      const time = Date.UTC(2026, 10, 22) + i * 1_800_000;
      xml += `<programme start="${stamp(time)}" stop="${stamp(time + 1_800_000)}" channel="C${n}.TV"><title lang="en">Show ${n} &amp; ${i}</title><desc>What happens in part ${i * n} of it</desc></programme>\n`;
    }
    yield xml;
  }
  yield '</tv>';
}

beforeAll(async () => {
  const zipped = gzipSync([...week()].join(''));
  upstream = await startUpstream(file(zipped, { headers: { 'content-type': 'application/gzip' } }));
  const own = join(folder, 'own.xml');
  writeFileSync(
    own,
    '<tv><programme start="20261122200000" channel="c0.tv"><title>Of a file</title></programme></tv>',
  );
  const list = join(folder, 'list.m3u');
  writeFileSync(
    list,
    `#EXTM3U x-tvg-url="${upstream.url}/guide.xml.gz?secret=1"\n${Array.from(
      { length: COUNT },
      (_, i) => `#EXTINF:-1 tvg-id="c${i}.tv",Channel ${i}\nhttp://a.example/${i}.ts\n`,
    ).join('')}`,
  );
  const config = readConfig({ allow: ['127.0.0.1'], channels: list, guide: [own] }, {});
  client = createHttpClient({ policy: addressPolicy(config) });
  const quiet = () => undefined;
  tv = openChannels(config, { relay: client, log: { info: quiet, warn: quiet, error: quiet } });
  if (!tv.channels || !tv.guide) throw new Error('There are no channels');
  app = await serveApp({ channels: tv.channels, guide: tv.guide });
}, 60_000);
afterAll(async () => {
  await app.close();
  await tv.close();
  await client.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

const guide = (headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  app.ask('/tuner/guide.xml', { headers, method });

describe('the guide of a tuner', () => {
  it('has a week of five hundred channels, of the guides that files and the list name', async () => {
    const { text, headers } = await guide();
    expect(headers['content-type']).toBe('application/xml; charset=utf-8');
    const of = (channel: string) =>
      [...text.matchAll(new RegExp(`channel="${channel}"><title[^>]*>([^<]*)`, 'g'))].map(
        ([, title]) => title,
      );
    expect(of('c0\\.tv')).toEqual(['Of a file']);
    expect(of('c499\\.tv')).toEqual(Array.from({ length: DAYS * PER_DAY }, (_, i) => `Show 499 &amp; ${i}`));
    expect(text.match(/<programme /g)).toHaveLength((COUNT - 1) * DAYS * PER_DAY + 1);
    expect(text.match(/<channel /g)).toHaveLength(COUNT);
    expect(text).not.toContain('secret');
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/guide.xml.gz?secret=1']);
  });

  it('with gzip says the same', async () => {
    const [plain, zipped] = [await guide(), await guide({ 'accept-encoding': 'gzip' })];
    expect(zipped.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(zipped.body.length),
      vary: 'Accept-Encoding',
      etag: plain.headers.etag,
    });
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await guide({}, 'HEAD');
    expect(headers.etag).toMatch(/^W\/"[\da-f]+"$/);
    const again = await guide({ 'if-none-match': String(headers.etag) });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await guide({ 'if-none-match': 'W/"other"' })).status).toBe(200);
  });

  it('tells players of IPTV what is on', async () => {
    const login = '/player_api.php?username=sluice&password=any';
    const [, one] = JSON.parse((await app.ask(`${login}&action=get_live_streams`)).text);
    const action = `&action=get_simple_data_table&stream_id=${one.stream_id}`;
    const { epg_listings: listings } = JSON.parse((await app.ask(`${login}${action}`)).text);
    expect(listings).toHaveLength(DAYS * PER_DAY);
    expect(listings[1]).toMatchObject({
      title: Buffer.from('Show 1 & 1').toString('base64'),
      start: '2026-11-22 00:30:00',
      channel_id: 'c1.tv',
    });
  });

  it('leaves the tuner as it is', async () => {
    const lineup = JSON.parse((await app.ask('/tuner/lineup.json')).text);
    expect(lineup).toHaveLength(COUNT);
    expect((await app.ask('/tuner/playlist.m3u')).text).toContain(`x-tvg-url="${app.url}/tuner/guide.xml"`);
  });
});

it('a guide at a private address that nobody allowed is not read', async () => {
  const asked = upstream.requests.length;
  const config = readConfig({ channels: join(folder, 'list.m3u') }, {});
  const strict = createHttpClient({ policy: addressPolicy(config) });
  const lines: unknown[] = [];
  const warn = (fields: object) => void lines.push(fields);
  const closed = openChannels(config, {
    relay: strict,
    log: { info: () => undefined, warn, error: () => undefined },
  });
  const edition = await closed.guide?.edition(new AbortController().signal);
  await closed.close();
  await strict.close();
  expect(lines).toMatchObject([{ guide: 1, err: { code: 'forbidden-address' } }]);
  expect(JSON.stringify(lines)).not.toContain('secret');
  expect(edition?.zippedBytes).toBeGreaterThan(0);
  expect(upstream.requests).toHaveLength(asked);
});
