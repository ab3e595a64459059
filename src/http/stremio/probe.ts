import type { AttachedFile } from '../../core/contracts.ts';
import type { AudioTrack, Track, VideoTrack } from '../../core/media.ts';
import type { Media } from '../../pipeline/library.ts';
import type { Title } from '../../pipeline/title.ts';
import { subtitleCodecName } from './subtitle-codec.ts';

/** Names of containers as FFmpeg has them: players look for parts of these. */
const FORMATS: Readonly<Record<string, string>> = {
  matroska: 'matroska,webm',
  mp4: 'mov,mp4,m4a,3gp,3g2,mj2',
};

/** What `/hlsv2/probe` answers: stremio-video decides by it whether the player takes the file as it is. */
export function describeForPlayer({ title }: Pick<Media, 'title'>) {
  const { container } = title.demuxer;
  const name = container ?? 'unknown';
  return {
    format: { name: FORMATS[name] ?? name, duration: title.timeline.end / title.timeline.timescale },
    streams: [
      ...title.decisions.map(({ track }, i) => ({ id: i, index: track.index, ...describe(track) })),
      ...(title.demuxer.files ?? []).map(({ name, type }, i) => {
        const id = title.decisions.length + i;
        return { id, index: id, track: 'attachment', mimeType: type, filename: name };
      }),
    ],
    samples: {},
  };
}

/** By the number that a player was told. */
export const attachmentOf = ({ decisions, demuxer }: Title, id: number): AttachedFile | null =>
  demuxer.files?.[id - decisions.length] ?? null;

function describe(track: Track) {
  const { language, name } = track;
  const told = { track: track.kind, language, title: name, default: track.isDefault };
  if (track.kind === 'video') {
    const { width, height, frameRate, dolbyVision, colour } = track;
    return {
      ...told,
      codec: videoName(track),
      width,
      height,
      frameRate: frameRate ? frameRate.num / frameRate.den : null,
      isHdr: colour !== null && HDR_TRANSFERS.has(colour.transfer),
      isDoVi: dolbyVision !== null,
    };
  }
  if (track.kind === 'audio') {
    const { channels, sampleRate } = track;
    return { ...told, codec: audioName(track), channels, sampleRate };
  }
  if (track.kind === 'subtitle') return { ...told, forced: track.isForced, codec: subtitleCodecName(track) };
  return { ...told, codec: track.sourceCodec };
}

/** PQ and HLG: ITU-T H.273, Table 3. */
const HDR_TRANSFERS: ReadonlySet<number> = new Set([16, 18]);

/** What FFmpeg calls what is called otherwise here. */
const VIDEO_NAMES: Readonly<Record<string, string>> = { h265: 'hevc', mpeg2: 'mpeg2video' };

/** As FFmpeg names it. */
export function videoName({ configs: [config], decodeOnly, sourceCodec }: VideoTrack): string {
  const codec = config?.codec ?? decodeOnly?.codec ?? sourceCodec;
  return VIDEO_NAMES[codec] ?? codec;
}

/** As FFmpeg names it. */
export const audioName = ({ configs: [config], decodeOnly, sourceCodec }: AudioTrack): string =>
  config?.codec ?? decodeOnly?.codec ?? sourceCodec;
