import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import { livePlaylist, type Rendition } from '../../src/pipeline/renditions.ts';
import { fixture, packetTable } from '../helpers/fixtures.ts';
import { asLive } from '../helpers/matroska-edit.ts';
import { someOf } from '../helpers/rows.ts';
import { bytesOfRendition, type ReadLive, readFile } from './live-serve.ts';
import { readSegment, type Segment } from './mp4-reader.ts';

const ROWS = [
  { name: 'bframes-aac', renditions: ['v0', 'a1-copy'] },
  { name: 'open-gop', renditions: ['v0', 'a1-copy'] },
  { name: 'open-gop-no-idr', renditions: ['v0'] },
  { name: 'late-audio', renditions: ['v0', 'a1-copy'] },
  { name: 'audio-hole', renditions: ['v0', 'a1-copy'] },
  { name: 'long-gop', renditions: ['v0', 'a1-copy'] },
  { name: 'audio-only', renditions: ['a0-copy'] },
  { name: 'vp9-opus', renditions: ['v0', 'a1-copy', 'a2-copy'] },
  { name: 'hevc-hdr10', renditions: ['v0', 'a1-copy'] },
  { name: 'alac-flac-mp3', renditions: ['v0', 'a1-copy', 'a2-copy', 'a3-copy'] },
  { name: 'av1-eac3', renditions: ['v0', 'a1-copy'] },
] as const;

const segmentsOf = (read: ReadLive, { name }: Rendition): Segment[] =>
  bytesOfRendition(read, name).map(readSegment);

/** Seconds of each EXTINF. */
const listed = (playlist: string): number[] =>
  [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => Number(match[1]));

function playlistOf({ title, segments }: ReadLive, rendition: Rendition): string {
  const ends = segments.map(({ end }) => end);
  const first = segments[0]?.start ?? 0;
  const sound = segments.flatMap(({ sounds }) => sounds.get(rendition.name) ?? []);
  const boundaries = [sound[0]?.start ?? 0, ...sound.map(({ end }) => end)];
  const sounds = new Map([[rendition.name, boundaries]]);
  return livePlaylist(title, rendition, { first, ends, sounds, isEnded: true, isFromStart: true });
}

const endOf = ({ samples }: Segment): number => {
  const last = samples.at(-1);
  return (last?.dts ?? 0) + (last?.duration ?? 0);
};

describe.each(someOf(ROWS, 2))('$name in order only', ({ name, renditions }) => {
  const reading = readFile(fixture(name));

  test('its renditions; it ends well', async () => {
    const read = await reading;
    expect(read.error).toBeNull();
    expect(read.renditions.map((rendition) => rendition.name)).toEqual(renditions);
    expect(read.segments.map(({ n }) => n)).toEqual(read.segments.map((_, i) => i));
  });

  test('no segment is empty, decode times go on exactly, durations are positive', async () => {
    const read = await reading;
    for (const rendition of read.renditions) {
      let end: number | null = null;
      for (const { fragments, samples } of segmentsOf(read, rendition)) {
        expect(samples.length, rendition.name).toBeGreaterThan(0);
        expect(Math.min(...samples.map(({ pts }) => pts))).toBe(fragments[0]?.tfdt);
        for (const fragment of fragments) {
          if (end !== null) expect(fragment.tfdt, rendition.name).toBe(end);
          end = fragment.tfdt + fragment.samples.reduce((sum, { duration }) => sum + duration, 0);
        }
        expect(samples.filter(({ duration }) => duration <= 0)).toEqual([]);
      }
    }
  });

  test('each packet of the table once, in order, at its time', async () => {
    const read = await reading;
    for (const rendition of read.renditions) {
      const track = rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;
      const rows = packetTable(name).filter(({ stream }) => stream === track.index);
      const samples = segmentsOf(read, rendition).flatMap((segment) => segment.samples);
      let at = 0;
      let others = 0;
      for (const { crc32, size, pts } of samples) {
        const row = rows[at];
        if (!row || row.crc32 !== crc32 || row.size !== size) {
          others++;
          continue;
        }
        const off = (pts / rendition.timescale) * 1e9 - (row.pts - read.title.zero);
        // ffprobe rounds the frames of a lace a second time.
        const most = rendition.kind === 'video' ? 1_100_000 : 2_100_000;
        expect(Math.abs(off), `${rendition.name} at ${row.pts}`).toBeLessThan(most);
        at++;
      }
      expect(at, `${rendition.name}: packets found in order`).toBe(rows.length);
      if (rendition.kind === 'video') expect(others, 'no other pictures').toBe(0);
    }
  });

  test('EXTINF sums to the media, none is above the target duration', async () => {
    const read = await reading;
    for (const rendition of read.renditions) {
      const playlist = playlistOf(read, rendition);
      expect(playlist).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
      expect(playlist).toContain('#EXT-X-ENDLIST');
      const durations = listed(playlist);
      const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(playlist)?.[1]);
      expect(durations).toHaveLength(read.segments.length);
      for (const duration of durations) expect(Math.round(duration)).toBeLessThanOrEqual(target);
      const list = segmentsOf(read, rendition);
      const [first] = list;
      const last = list.at(-1);
      const media = last ? (endOf(last) - (first?.samples[0]?.dts ?? 0)) / rendition.timescale : 0;
      // Of an open GOP the first pictures are shown before its cut.
      const frame =
        rendition.kind === 'video'
          ? rendition.video.pictureDuration * 3
          : rendition.audio.clock.frameSize * 2;
      const sum = durations.reduce((all, duration) => all + duration, 0);
      expect(Math.abs(sum - media)).toBeLessThan(frame / rendition.timescale + 0.002);
    }
  });

  test('every rendition lasts to the end, and no longer than a frame beyond', async () => {
    const read = await reading;
    const end = (read.segments.at(-1)?.end ?? 0) / read.title.timeline.timescale;
    for (const rendition of read.renditions) {
      const last = segmentsOf(read, rendition).at(-1);
      const own = last ? endOf(last) / rendition.timescale : 0;
      const frame =
        rendition.kind === 'video' ? rendition.video.pictureDuration : rendition.audio.clock.frameSize;
      expect(own, rendition.name).toBeGreaterThan(end - 0.001);
      expect(own, rendition.name).toBeLessThan(end + (2 * frame) / rendition.timescale);
    }
  });

  test.each([1, 7, 1777, 65_536, 1_048_576])('the same bytes in chunks of %i', async (size) => {
    const read = await reading;
    const again = await readFile(fixture(name), size);
    expectSame(again, read);
    for (const rendition of read.renditions)
      expect(equalBytes(init(again, rendition), init(read, rendition))).toBe(true);
  });

  test('the same segments from Segment and Clusters of unknown size', async () => {
    const live = await readFile(asLive(fixture(name)));
    expect(live.error).toBeNull();
    expectSame(live, await reading);
  });
});

function expectSame(again: ReadLive, read: ReadLive): void {
  const places = ({ segments }: ReadLive) => segments.map(({ start, end }) => [start, end]);
  expect(places(again)).toEqual(places(read));
  for (const { name } of read.renditions)
    bytesOfRendition(again, name).forEach((bytes, n) => {
      const first = bytesOfRendition(read, name)[n] ?? new Uint8Array();
      expect(equalBytes(bytes, first), `${name} ${n}`).toBe(true);
    });
}

const init = ({ renditions }: ReadLive, { name }: Rendition): Uint8Array =>
  renditions.find((rendition) => rendition.name === name)?.muxer.init() ?? new Uint8Array();

test('a GOP of 30 s is cut at the longest that a segment may last, and goes on without a sync sample', async () => {
  const read = await readFile(fixture('long-gop'));
  const [video] = read.renditions;
  if (!video) throw new Error('no video');
  const segments = segmentsOf(read, video);
  const starts = segments.map(({ fragments }) => (fragments[0]?.tfdt ?? 0) / video.timescale);
  expect(segments[0]?.samples[0]?.isSync).toBe(true);
  expect(Math.max(...starts.slice(1).map((start, i) => start - (starts[i] ?? 0)))).toBeLessThanOrEqual(17);
  expect(segments.some(({ samples }) => !samples[0]?.isSync)).toBe(true);
});

test('frames of sound that began after the plan was made last as long as they do', async () => {
  const read = await readFile(fixture('late-audio'));
  const audio = read.renditions.find(({ kind }) => kind === 'audio');
  if (!audio) throw new Error('no audio');
  const durations = segmentsOf(read, audio).flatMap(({ samples }) => samples.map(({ duration }) => duration));
  const odd = durations.filter((duration) => duration !== 1024);
  // Where silence meets the first frame, and where the last one is said to end.
  expect(odd.length).toBeLessThanOrEqual(2);
});
