import type { SubtitleCodec, SubtitleTrack } from '../../core/media.ts';

const TEXTS: Readonly<Record<SubtitleCodec, string>> = {
  subrip: 'subrip',
  ass: 'ass',
  webvtt: 'webvtt',
  tx3g: 'mov_text',
  wvtt: 'webvtt',
  text: 'text',
};

/** What containers call it → what FFmpeg calls it. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['S_HDMV/PGS', 'hdmv_pgs_subtitle'],
  ['hdmv_pgs', 'hdmv_pgs_subtitle'],
  ['S_HDMV/TEXTST', 'hdmv_text_subtitle'],
  ['hdmv_text', 'hdmv_text_subtitle'],
  ['S_VOBSUB', 'dvd_subtitle'],
  ['S_DVBSUB', 'dvb_subtitle'],
  ['teletext', 'dvb_teletext'],
  ['S_ARIBSUB', 'arib_caption'],
]);

/** As FFmpeg names it; what has no name there as the container does. */
export function subtitleCodecName({ text, sourceCodec }: SubtitleTrack): string {
  if (text) return TEXTS[text.codec];
  const told = /\((\w+)\)$/.exec(sourceCodec)?.[1];
  return OTHERS.get(sourceCodec) ?? told ?? sourceCodec;
}
