import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../core/errors.ts';
import type { Library, Media } from '../pipeline/library.ts';
import { type RenderContext, renderSegment } from '../pipeline/render-segment.ts';
import { renditionPlaylist } from '../pipeline/renditions.ts';
import { subtitleName, subtitlePlaylist } from '../pipeline/subtitles/subtitle-playlist.ts';
import { subtitleSegment } from '../pipeline/subtitles/subtitle-segment.ts';
import { segmentCount, type Title } from '../pipeline/title.ts';
import { titlePlaylist } from '../pipeline/title-playlist.ts';
import { type InputFlags, withInput } from './input.ts';
import { note } from './output.ts';
import { openProgress, type Progress } from './progress.ts';
import { leftOut, tellLeftOut } from './strict.ts';
import { clock, size } from './text.ts';
import { writeWholeFile } from './whole-file.ts';

export interface HlsFlags extends InputFlags {
  readonly force?: boolean;
  readonly strict?: boolean;
}

const MASTER = 'master.m3u8';

/**
 * `sluice hls`: a title as a folder that any web server can serve. The playlists come last and the master after
 * them: what is there can be played.
 */
export const hls = (target: string, folder: string, flags: HlsFlags, signal: AbortSignal): Promise<number> =>
  withInput(target, flags, async (input) => {
    await prepareFolder(folder, flags);
    const media = await input.openMedia(signal);
    if (media.live)
      throw new MediaError(
        'not-offered',
        'This source gives its bytes in order only: save it as a file first',
      );
    const began = performance.now();
    const bytes = await writePackage(media, folder, contextOf(input.library, signal));
    const seconds = (performance.now() - began) / 1000;
    const whole = media.title.timeline.end / media.title.timeline.timescale;
    note(`${join(folder, MASTER)}: ${clock(whole)}, ${size(bytes)} in ${seconds.toFixed(1)} s`);
    return tellLeftOut(leftOut(media.title.decisions), flags);
  });

const contextOf = ({ spans, transcripts, encodedVideo }: Library, signal: AbortSignal): RenderContext => ({
  spans,
  transcripts,
  encodedVideo,
  client: '',
  signal,
});

/** @throws MediaError `bad-request` for a folder that holds something, unless `--force` is given */
async function prepareFolder(folder: string, { force }: HlsFlags): Promise<void> {
  await mkdir(folder, { recursive: true });
  const there = await readdir(folder);
  if (there.length > 0 && !force)
    throw new MediaError('bad-request', `${folder} is not empty; --force writes over what is there`);
  await rm(join(folder, MASTER), { force: true });
}

async function writePackage(media: Media, folder: string, context: RenderContext): Promise<number> {
  const { title, renditions } = media;
  const count = segmentCount(title);
  for (const { name, muxer } of renditions) {
    await mkdir(join(folder, name), { recursive: true });
    await removeOld(join(folder, name), count);
    await writeWholeFile(join(folder, name, 'init.mp4'), [[muxer.init()]]);
  }
  for (const subtitle of title.subtitles) {
    await mkdir(join(folder, subtitleName(subtitle)), { recursive: true });
    await removeOld(join(folder, subtitleName(subtitle)), count);
  }
  const total = title.timeline.end / title.timeline.timescale;
  const progress = await openProgress({ total, now: () => performance.now() });
  try {
    const bytes = await writeSegments(media, folder, { context, progress });
    for (const rendition of renditions)
      await writeText(
        join(folder, rendition.name, 'index.m3u8'),
        renditionPlaylist(title, renditions, rendition),
      );
    for (const subtitle of title.subtitles)
      await writeText(
        join(folder, subtitleName(subtitle), 'index.m3u8'),
        subtitlePlaylist(title, renditions),
      );
    await writeText(join(folder, MASTER), titlePlaylist(title, renditions, ''));
    return bytes;
  } finally {
    progress.end();
  }
}

interface Work {
  readonly context: RenderContext;
  readonly progress: Progress;
}

/** By place in the film: the video's bytes hold the sound that is written after it. */
async function writeSegments({ title, renditions }: Media, folder: string, work: Work): Promise<number> {
  const { cuts, timescale } = title.timeline;
  let bytes = 0;
  for (const [n, cut] of cuts.entries()) {
    for (const rendition of renditions) {
      work.context.signal.throwIfAborted();
      bytes += await writeWholeFile(
        join(folder, rendition.name, `${n}.m4s`),
        renderSegment(title, { rendition, n }, work.context),
      );
    }
    bytes += await writeTexts(title, n, { folder, context: work.context });
    work.progress.update((cuts[n + 1]?.time ?? cut.time) / timescale, bytes);
  }
  return bytes;
}

interface TextWork {
  readonly folder: string;
  readonly context: RenderContext;
}

async function writeTexts(title: Title, n: number, { folder, context }: TextWork): Promise<number> {
  let bytes = 0;
  for (const subtitle of title.subtitles) {
    const text = await subtitleSegment(title, { subtitle, n }, context);
    bytes += await writeText(join(folder, subtitleName(subtitle), `${n}.vtt`), text);
  }
  return bytes;
}

const writeText = (path: string, text: string): Promise<number> =>
  writeWholeFile(path, [[new TextEncoder().encode(text)]]);

/** Playlists and segments of another title that the new one does not write over. */
async function removeOld(folder: string, count: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const n = /^(\d+)\.(?:m4s|vtt)$/.exec(name)?.[1];
    if (name === 'index.m3u8' || (n !== undefined && Number(n) >= count)) await rm(join(folder, name));
  }
}
