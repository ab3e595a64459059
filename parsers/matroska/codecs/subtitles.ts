import { cueReader } from '../../../src/codecs/subtitles.ts';
import { packCues } from '../../../src/core/cues.ts';
import type { SubtitleCodec, SubtitleText } from '../../../src/core/media.ts';
import type { BlockTrack } from '../block.ts';

/** What a TrackEntry says of texts, and how a block becomes what it shows. */
export interface TextSetup {
  readonly text: SubtitleText;
  readonly block: Pick<BlockTrack, 'normalize'>;
}

/** CodecID → how texts are written: Matroska codec specification, 6.7; WebM Container Guidelines for `D_WEBVTT`. */
const CODECS: ReadonlyMap<string, SubtitleCodec> = new Map<string, SubtitleCodec>([
  ['S_TEXT/UTF8', 'subrip'],
  ['S_TEXT/ASCII', 'subrip'],
  ['S_TEXT/ASS', 'ass'],
  ['S_TEXT/SSA', 'ass'],
  ['S_ASS', 'ass'],
  ['S_SSA', 'ass'],
  ['S_TEXT/WEBVTT', 'webvtt'],
  ['D_WEBVTT/SUBTITLES', 'webvtt'],
  ['D_WEBVTT/CAPTIONS', 'webvtt'],
]);

/** Null for what is not of text. */
export function textSetup(codecId: string, privateData: Uint8Array | null): TextSetup | null {
  const codec = CODECS.get(codecId);
  if (!codec) return null;
  const setup = privateData ?? new Uint8Array(0);
  const read = cueReader(codec, setup);
  const isOfWebM = codecId.startsWith('D_WEBVTT');
  const normalize: BlockTrack['normalize'] = (frame, addition = null) => {
    const own = untilZero(frame);
    const parts = isOfWebM ? partsOf(own) : { text: own, addition };
    return packCues(read(parts.text, parts.addition));
  };
  return { text: { codec, setup }, block: { normalize } };
}

/** Strings may be padded with zeros, and what stands behind a zero is none of them: RFC 8794, 7.4. */
function untilZero(frame: Uint8Array): Uint8Array {
  const at = frame.indexOf(0);
  return at < 0 ? frame : frame.subarray(0, at);
}

const LINE_FEED = 0x0a;

/** WebM keeps identifier and settings in the lines before the text. */
function partsOf(frame: Uint8Array): { readonly text: Uint8Array; readonly addition: Uint8Array } {
  const settings = behindLine(frame, 0);
  const text = behindLine(frame, settings);
  return { text: frame.subarray(text), addition: frame.subarray(settings, text) };
}

function behindLine(frame: Uint8Array, from: number): number {
  const at = frame.indexOf(LINE_FEED, from);
  return at < 0 ? frame.length : at + 1;
}
