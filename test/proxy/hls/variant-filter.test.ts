import { describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../src/proxy/hls/playlist.ts';
import type { VariantFilter } from '../../../src/proxy/hls/variant-filter.ts';

const kept = (text: string, filter: VariantFilter): readonly string[] =>
  readPlaylist(`#EXTM3U\n${text}`, { url: 'https://example.org/m.m3u8', filter })
    .write((link) => new URL(link.url).pathname.slice(1))
    .split('\n')
    .slice(1, -1);

const addresses = (text: string, filter: VariantFilter): readonly string[] =>
  kept(text, filter).filter((line) => !line.startsWith('#'));

const variant = (name: string, attributes: string): string =>
  `#EXT-X-STREAM-INF:BANDWIDTH=${name.length}00000${attributes}\n${name}\n`;

const LADDER = [
  variant('360', ',RESOLUTION=640x360'),
  variant('720', ',RESOLUTION=1280x536'),
  variant('720hevc', ',CODECS="hvc1.1.6.L93.90,mp4a.40.2",RESOLUTION=1280x720'),
  variant('1080', ',RESOLUTION=1920x800'),
  variant('1080+', ',RESOLUTION=1920x1088'),
  variant('sound', ',CODECS="mp4a.40.2"'),
].join('');
const PORTRAIT = variant('sd', ',RESOLUTION=540x960') + variant('hd', ',RESOLUTION=1080x1920');
const UNKNOWN = variant('a', '') + variant('high', '') + variant('bb', '');

describe('filterVariants', () => {
  it.each<readonly [string, string, VariantFilter, readonly string[]]>([
    ['the highest, cropped or not', LADDER, { kind: 'highest' }, ['1080', '1080+']],
    ['a height that is there', LADDER, { kind: 'height', height: 720 }, ['720', '720hevc']],
    ['the nearest below', LADDER, { kind: 'height', height: 480 }, ['360']],
    ['the nearest above', LADDER, { kind: 'height', height: 1000 }, ['1080', '1080+']],
    ['the lower of two as near', LADDER, { kind: 'height', height: 540 }, ['360']],
    ['less than all', LADDER, { kind: 'height', height: 1 }, ['360']],
    ['more than all', LADDER, { kind: 'height', height: 4320 }, ['1080', '1080+']],
    ['pictures that stand upright', PORTRAIT, { kind: 'height', height: 540 }, ['sd']],
    ['the highest bandwidth where no height is told', UNKNOWN, { kind: 'highest' }, ['high']],
    ['all where no height is told', UNKNOWN, { kind: 'height', height: 720 }, ['a', 'high', 'bb']],
    ['one that has no other', variant('one', ',RESOLUTION=0x0'), { kind: 'highest' }, ['one']],
    ['none of none', '', { kind: 'highest' }, []],
  ])('keeps %s', (_, text, filter, expected) => {
    expect(addresses(text, filter)).toEqual(expected);
  });

  it('takes trick play and groups along, and leaves what was never used', () => {
    const text = `#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="low",NAME="e",URI="low.a"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="e",URI="high.a"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="low",NAME="e",URI="s"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="unused",NAME="e",URI="unused.a"
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="angle",NAME="e",URI="angle"
#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,AUDIO="low",SUBTITLES="low"
# what stands between stays
360
#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1280x720,AUDIO="high",SUBTITLES="low"
720
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180,URI="i180",VIDEO="angle"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=2,RESOLUTION=640x360,URI="i360"
#EXT-X-UNKNOWN:1`;
    expect(kept(text, { kind: 'highest' })).toEqual([
      '#EXT-X-VERSION:7',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="e",URI="high.a"',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="low",NAME="e",URI="s"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="unused",NAME="e",URI="unused.a"',
      '# what stands between stays',
      '#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1280x720,AUDIO="high",SUBTITLES="low"',
      '720',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=2,RESOLUTION=640x360,URI="i360"',
      '#EXT-X-UNKNOWN:1',
    ]);
  });

  it('does not take the address of another variant for a missing one', () => {
    const text =
      '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\n#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1280x720\n720\n';
    expect(addresses(text, { kind: 'highest' })).toEqual(['720']);
  });

  it('compares groups that variables name as they are written', () => {
    const text =
      '#EXT-X-DEFINE:NAME="g",VALUE="x"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{$g}",NAME="e",URI="a"\n' +
      variant('1', ',RESOLUTION=640x360,AUDIO="{$g}"');
    expect(kept(text, { kind: 'highest' })).toContain(
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="x",NAME="e",URI="a"',
    );
  });
});
