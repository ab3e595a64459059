import { expect, it } from 'vitest';
import { parseChannelList } from '../../src/proxy/channel-list.ts';
import { byGuideId, guideIdsOf } from '../../src/proxy/xmltv.ts';

const list = (...infos: readonly string[]) =>
  parseChannelList(infos.map((info, i) => `#EXTINF:-1 ${info},C${i + 1}\nhttp://a/${i + 1}\n`).join(''));

it.each<[string, readonly string[], readonly string[]]>([
  ['as guides call them, else by number', ['tvg-id="one"', '', 'tvg-chno="7"'], ['one', '2', '7']],
  ["a number that is somebody else's id", ['tvg-id="2"', ''], ['2', 'sluice.2']],
  ['numbers of several', ['tvg-chno="7"', 'tvg-chno="7"', ''], ['sluice.1', 'sluice.2', '3']],
  [
    'an id that looks like one of ours',
    ['tvg-id="2"', '', 'tvg-id="sluice.2"'],
    ['2', 'sluice.2.', 'sluice.2'],
  ],
  ['one channel in several qualities', ['tvg-id="one"', 'tvg-id="one"'], ['one', 'one']],
  ['a number later', ['tvg-shift="1"', 'tvg-id="1" tvg-shift="1"'], ['sluice.1.plus60', '1.plus60']],
])('ids of channels: %s', (_, infos, ids) => {
  const channels = list(...infos);
  expect(guideIdsOf(channels)).toEqual(ids);
  expect([...byGuideId(channels).keys()]).toEqual([...new Set(ids)]);
});
