import type { SubtitleTrack } from '../../core/media.ts';

/** Codecs by their names in containers whose subtitles are pictures. */
const PICTURES = /PGS|VOBSUB|DVB_?SUB|^mp4s|^subp/i;

/** Why subtitles cannot become WebVTT; null where they can. */
export function whyNotText({ sourceCodec, unreadable, text }: SubtitleTrack): string | null {
  if (unreadable) return unreadable;
  if (text) return null;
  return PICTURES.test(sourceCodec)
    ? 'subtitles that are pictures are not offered'
    : `${sourceCodec || 'this codec'} cannot be written as WebVTT`;
}
