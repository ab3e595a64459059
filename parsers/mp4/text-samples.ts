import { cueReader } from '../../src/codecs/subtitles.ts';
import { packCues } from '../../src/core/cues.ts';
import type { SubtitleCodec, SubtitleText } from '../../src/core/media.ts';
import type { BoxList } from './readable-boxes.ts';
import type { Reading } from './readings.ts';

/** Type of the entry → how samples are written: 3GPP TS 26.245, 5.16; ISO/IEC 14496-30, 7; QuickTime's text media. */
const CODECS: ReadonlyMap<string, SubtitleCodec> = new Map<string, SubtitleCodec>([
  ['tx3g', 'tx3g'],
  ['text', 'tx3g'],
  ['wvtt', 'wvtt'],
]);

/** @param content of the entry behind its data reference; null for what is not of text that is read */
export function readTextEntry(type: string, content: BoxList): SubtitleText | null {
  const codec = CODECS.get(type);
  if (!codec) return null;
  // QuickTime's samples are those of 3GPP, its entry is another one.
  const setup = type === 'text' ? new Uint8Array(0) : content.bytes.slice();
  return { codec, setup };
}

/** How samples become what they show. */
export function textReading({ codec, setup }: SubtitleText): Reading {
  const read = cueReader(codec, setup);
  return { setup: { isPrefixUsable: false, normalize: (sample) => packCues(read(sample)) } };
}

/** By description; null where it has no texts. */
export const textReadings = (texts: readonly (SubtitleText | null)[]): (Reading | null)[] =>
  texts.map((text) => text && textReading(text));
