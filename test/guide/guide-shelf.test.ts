import { afterEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { createGuideShelf, type GuideShelf, type GuideShelfOptions } from '../../src/guide/guide-shelf.ts';
import type { GuideEdition } from '../../src/http/deps.ts';
import { parseChannelList } from '../../src/proxy/channel-list.ts';

const LIST = parseChannelList(`#EXTM3U
#EXTINF:-1 tvg-id="One.tv",One
http://a/1
#EXTINF:-1 tvg-id="One.tv" tvg-shift="1",One later
http://a/2
#EXTINF:-1,Two & more
http://a/3
#EXTINF:-1 tvg-id="gone",Three
http://a/4
`);

const programme = (channel: string, title: string, start = '20261122200000 +0100') =>
  `<programme stop="20261122210000 +0100" start="${start}" channel="${channel}" vps-start="1"><title lang="de">${title}</title><desc><![CDATA[<b>]]></desc></programme>`;

const GUIDE = `<tv><channel id="one.tv"><display-name>Other</display-name></channel>
<channel id="2 &amp; x"><display-name>two &amp;  MORE</display-name></channel>
<channel id="3"><display-name>Three</display-name></channel>
${programme('one.tv', 'A')}${programme('2 &amp; x', 'B &amp; C')}${programme('nobody', 'D')}${programme('3', 'E')}
<programme channel="one.tv" start="x"><title>broken</programme><programme channel="one.tv"><title>when?</title></programme></tv>`;

let shelf: GuideShelf | undefined;
afterEach(() => shelf?.close());

const lines: object[] = [];
const log = {
  info: () => undefined,
  warn: (fields: object) => void lines.push(fields),
  error: () => undefined,
};

function open(options: Partial<GuideShelfOptions> & Pick<GuideShelfOptions, 'open'>): GuideShelf {
  shelf = createGuideShelf({
    channels: { list: async () => LIST },
    places: async () => ['a'],
    log,
    ...options,
  });
  return shelf;
}

const saying = (...texts: string[]) =>
  async function* () {
    yield* texts;
  };

/** A guide that begins, and of which nothing more comes. */
async function* endless(_: string, aborted: AbortSignal): AsyncGenerator<string> {
  yield '<tv>';
  await new Promise((_resolve, reject) => aborted.addEventListener('abort', () => reject(aborted.reason)));
}

async function textOf(edition: GuideEdition): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const batch of edition.chunks('plain')) parts.push(...batch);
  return Buffer.concat(parts).toString();
}

const { signal } = new AbortController();
const edition = (from: GuideShelf) => from.edition(signal);
const titles = async (from: GuideShelf) =>
  [...(await textOf(await edition(from))).matchAll(/channel="([^"]*)"[^>]*><title[^>]*>([^<]*)/g)].map(
    ([, channel, title]) => `${channel}: ${title}`,
  );

describe('the guide of the channels', () => {
  it('has the programmes that belong to them: by id, then by name, each as it is but for its channel', async () => {
    const text = await textOf(await edition(open({ open: saying(GUIDE) })));
    expect(text.match(/<channel id="[^"]*">/g)).toEqual([
      '<channel id="One.tv">',
      '<channel id="One.tv.plus60">',
      '<channel id="3">',
      '<channel id="gone">',
    ]);
    expect(text.match(/<programme .*/g)).toEqual([
      '<programme start="20261122200000 +0100" stop="20261122210000 +0100" channel="One.tv" vps-start="1"><title lang="de">A</title><desc>&lt;b&gt;</desc></programme>',
      '<programme start="20261122210000 +0100" stop="20261122220000 +0100" channel="One.tv.plus60" vps-start="1"><title lang="de">A</title><desc>&lt;b&gt;</desc></programme>',
      '<programme start="20261122200000 +0100" stop="20261122210000 +0100" channel="3" vps-start="1"><title lang="de">B &amp; C</title><desc>&lt;b&gt;</desc></programme>',
      '<programme start="20261122200000 +0100" stop="20261122210000 +0100" channel="gone" vps-start="1"><title lang="de">E</title><desc>&lt;b&gt;</desc></programme>',
    ]);
  });

  it('of several is that of the first which knows a channel', async () => {
    const guides: Record<string, string> = {
      a: `<tv>${programme('One.tv', 'first')}</tv>`,
      b: `<tv>${programme('One.tv', 'second')}${programme('gone', 'other')}</tv>`,
    };
    const all = open({ places: async () => ['a', 'b'], open: (place) => saying(guides[place] ?? '')() });
    expect(await titles(all)).toEqual(['One.tv: first', 'One.tv.plus60: first', 'gone: other']);
  });

  it('tells what is on, with texts and times of its channel', async () => {
    const [one, later] = LIST;
    const { programmes } = await edition(
      open({
        open: saying(
          `<tv>${programme('one.tv', 'B &amp; C', '20261122203000 +0100')}<programme channel="one.tv" start="20261122190000 UTC"><title>No end</title></programme></tv>`,
        ),
      }),
    );
    expect(one && programmes(one)).toEqual([
      {
        start: Date.parse('2026-11-22T19:00Z'),
        stop: Date.parse('2026-11-22T19:30Z'),
        title: 'No end',
        description: '',
      },
      {
        start: Date.parse('2026-11-22T19:30Z'),
        stop: Date.parse('2026-11-22T20:00Z'),
        title: 'B & C',
        description: '<b>',
      },
    ]);
    expect(later && programmes(later)[0]?.start).toBe(Date.parse('2026-11-22T20:00Z'));
  });

  it('is read once for all who ask, again later, and stays where that fails', async () => {
    let readings = 0;
    let goOn = (): void => undefined;
    const third = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const again = open({
      every: 5,
      again: 5,
      open: async function* () {
        const n = ++readings;
        if (n === 2) throw new MediaError('upstream', 'no');
        if (n === 3) await third;
        yield `<tv>${programme('One.tv', n === 1 ? 'first' : 'third')}</tv>`;
      },
    });
    const [one, two] = await Promise.all([edition(again), edition(again)]);
    expect(one).toBe(two);
    expect(one.etag).toMatch(/^"[\da-f]{16}"$/);
    await expect.poll(() => readings).toBe(3);
    expect(lines).toMatchObject([{ guide: 1, err: { code: 'upstream' } }]);
    expect(await titles(again)).toEqual(['One.tv: first', 'One.tv.plus60: first']);
    goOn();
    await expect.poll(() => titles(again)).toEqual(['One.tv: third', 'One.tv.plus60: third']);
    expect((await edition(again)).etag).not.toBe(one.etag);
  });

  it('of a list that has changed is another one', async () => {
    let list = LIST;
    const changing = open({ channels: { list: async () => list }, open: saying(GUIDE) });
    expect(await titles(changing)).toHaveLength(4);
    list = LIST.slice(0, 1);
    expect(await titles(changing)).toEqual(['One.tv: A']);
  });

  it('does not keep anybody waiting who leaves, or for long', async () => {
    const never = open({
      patience: 10,
      open: async function* (_, aborted) {
        await new Promise((_resolve, reject) =>
          aborted.addEventListener('abort', () => reject(aborted.reason)),
        );
        yield '';
      },
    });
    const leaving = new AbortController();
    const waiting = never.edition(leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toBe(leaving.signal.reason);
    expect(await titles(never)).toEqual([]);
    expect(await textOf(await edition(never))).toContain('<channel id="One.tv">');
  });

  it('of who leaves at once ends nothing where it cannot be read', async () => {
    const left = AbortSignal.abort();
    const unread = open({
      places: async () => {
        throw new MediaError('not-found', 'no list');
      },
      open: saying(''),
    });
    await expect(unread.edition(left)).rejects.toBe(left.reason);
    await expect(unread.edition(signal)).rejects.toMatchObject({ code: 'not-found' });
    const closed = open({ open: endless });
    await expect(closed.edition(left)).rejects.toBe(left.reason);
    closed.close();
    // A rejection that nobody takes fails the run.
    await new Promise(setImmediate);
  });

  it('is offered without those that take long, whose time is over at last', async () => {
    lines.length = 0;
    const places = ['endless', 'b', 'c'];
    const some = open({
      places: async () => places,
      patience: 20,
      longest: 600,
      open: (place, aborted) =>
        place === 'endless' ? endless(place, aborted) : saying(`<tv>${programme('One.tv', place)}</tv>`)(),
    });
    await expect.poll(() => titles(some)).toEqual(['One.tv: b', 'One.tv.plus60: b']);
    const begun = performance.now();
    expect(await titles(some)).toEqual(['One.tv: b', 'One.tv.plus60: b']);
    expect(performance.now() - begun).toBeLessThan(500);
    await expect.poll(() => lines).toMatchObject([{ guide: 1, err: { code: 'upstream-timeout' } }]);
  });

  it('has what came late as soon as it is there', async () => {
    let goOn = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const late = open({
      places: async () => ['endless', 'slow'],
      patience: 5,
      open: async function* (place, aborted) {
        if (place === 'endless') yield* endless(place, aborted);
        await slow;
        yield `<tv>${programme('One.tv', 'slow')}</tv>`;
      },
    });
    expect(await titles(late)).toEqual([]);
    goOn();
    await expect.poll(() => titles(late)).toEqual(['One.tv: slow', 'One.tv.plus60: slow']);
  });

  it('that has nothing of the channels is told of', async () => {
    lines.length = 0;
    await edition(
      open({
        places: async () => ['a', 'b'],
        open: (place) => saying(place === 'a' ? GUIDE : '<tv></tv>')(),
      }),
    );
    expect(lines).toEqual([{ guide: 2 }]);
  });

  it.each([
    { packed: 300, whole: 1e6 },
    { packed: 1e6, whole: 1000 },
  ])('that is too large has channels only: %j', async (limits) => {
    lines.length = 0;
    const many = Array.from({ length: 100 }, (_, i) => programme('One.tv', `Title ${i * i}`)).join('');
    const large = await edition(open({ limits, open: saying(`<tv>${many}</tv>`) }));
    expect(await textOf(large)).toContain('<channel id="One.tv">');
    expect(await textOf(large)).not.toContain('<programme');
    expect(lines).toMatchObject([{ err: { code: 'limit' } }]);
  });
});
