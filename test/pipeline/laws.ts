import { expect } from 'vitest';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import type { Segment } from './mp4-reader.ts';
import type { Served } from './serve.ts';

/** What holds for the segments of every rendition of every title (README, Time). */
export function expectLaws(
  { title, count }: Served,
  rendition: Rendition,
  segments: readonly Segment[],
): void {
  expect(segments).toHaveLength(count);
  expect(
    segments.filter(({ samples }) => samples.length === 0),
    'no listed segment is empty',
  ).toEqual([]);
  const samples = segments.flatMap((segment) => segment.samples);
  expectTiling(segments);
  expect(
    samples.filter(({ duration }) => duration <= 0),
    'durations are positive',
  ).toEqual([]);
  expect(new Set(samples.map(({ pts }) => pts)).size, 'presentation times are unique').toBe(samples.length);
  for (const { samples, fragments } of segments)
    expect(Math.min(...samples.map(({ pts }) => pts)), 'earliest presentation = tfdt').toBe(
      fragments[0]?.tfdt,
    );
  expectChunks(segments, rendition);
  expectCover({ title, count }, rendition, samples);
  expectDurations(title, rendition, segments);
}

function expectTiling(segments: readonly Segment[]): void {
  let end: number | null = null;
  for (const { tfdt, samples } of segments.flatMap(({ fragments }) => fragments)) {
    if (end !== null) expect(tfdt, 'tfdt(n+1) = tfdt(n) + durations').toBe(end);
    end = tfdt + samples.reduce((sum, { duration }) => sum + duration, 0);
  }
}

function expectChunks(segments: readonly Segment[], { timescale, kind }: Rendition): void {
  segments.forEach(({ fragments }, n) => {
    expect(fragments.map(({ sequence }) => sequence)).toEqual(fragments.map((_, i) => n * 4096 + i + 1));
    for (const { samples } of fragments) {
      const last = samples.at(-1);
      const reach = (last?.dts ?? 0) - (samples[0]?.dts ?? 0);
      expect(reach, 'a chunk ends with the first sample half a second in').toBeLessThan(0.5 * timescale + 1);
    }
    if (kind === 'audio')
      expect(fragments.flatMap(({ samples }) => samples).every((s) => s.isSync)).toBe(true);
    else expect(fragments[0]?.samples[0]?.isSync, 'a segment begins with a sync sample').toBe(true);
  });
}

type Sample = Segment['samples'][number];

/** Every rendition covers [0, E) within a frame; video begins where its first picture is. */
function expectCover(
  { title }: Pick<Served, 'title' | 'count'>,
  rendition: Rendition,
  samples: readonly Sample[],
): void {
  const { timeline } = title;
  const end = timeline.end / timeline.timescale;
  const last = samples.reduce((latest, { dts, duration }) => Math.max(latest, dts + duration), 0);
  const first = samples[0]?.dts ?? Number.NaN;
  if (rendition.kind === 'audio') {
    const frame = rendition.audio.clock.frameSize;
    expect(first, 'audio begins within a frame of zero').toBeLessThan(2 * frame);
    expect(last / rendition.timescale, 'audio lasts to the end').toBeGreaterThan(end - 0.001);
    expect(last / rendition.timescale).toBeLessThan(end + (2 * frame) / rendition.timescale);
  } else {
    const picture = rendition.video.pictureDuration;
    expect(Math.abs(last - timeline.end), 'video lasts to the end').toBeLessThanOrEqual(picture);
  }
}

/**
 * EXTINF against the media: each within a millisecond, the last one within a frame; where cuts are open, from cut
 * picture to cut picture.
 */
function expectDurations(
  { timeline }: Served['title'],
  rendition: Rendition,
  segments: readonly Segment[],
): void {
  const { timescale, durations, kind } = rendition;
  const frame = kind === 'audio' ? rendition.audio.clock.frameSize : rendition.video.pictureDuration;
  const starts = segments.map(({ samples }, n) => {
    const isOpen = kind === 'video' && !timeline.cuts[n]?.point.isClosed;
    return (isOpen ? samples[0]?.pts : samples[0]?.dts) ?? Number.NaN;
  });
  const last = segments.at(-1)?.samples.at(-1);
  [...starts.slice(1), (last?.dts ?? 0) + (last?.duration ?? 0)].forEach((end, n) => {
    const media = (end - (starts[n] ?? 0)) / timescale;
    const off = Math.abs((durations[n] ?? 0) / 1_000_000 - media);
    const isLast = n === segments.length - 1;
    expect(off, `EXTINF of segment ${n}`).toBeLessThanOrEqual(isLast ? frame / timescale + 0.001 : 0.001);
  });
}
