import type { CueBody } from '../core/cues.ts';
import type { SubtitleCodec } from '../core/media.ts';
import { assReader } from './ass.ts';
import { subripReader } from './subrip.ts';
import { tx3gReader } from './tx3g.ts';
import { webvttReader } from './webvtt-text.ts';
import { wvttReader } from './wvtt.ts';

/**
 * What a sample shows; none where it shows nothing.
 * @param addition what the container keeps beside the sample: BlockAdditional of Matroska
 */
export type CueReader = (data: Uint8Array, addition?: Uint8Array | null) => readonly CueBody[];

const READERS: Readonly<Record<SubtitleCodec, (setup: Uint8Array) => CueReader>> = {
  subrip: subripReader,
  ass: assReader,
  webvtt: webvttReader,
  tx3g: tx3gReader,
  wvtt: wvttReader,
  text: subripReader,
};

/**
 * Reads the samples of a track. Broken ones show what of them can be read.
 * @param setup what the container says once for all of them: CodecPrivate, or the sample entry behind its reference to
 * the data
 */
export const cueReader = (codec: SubtitleCodec, setup: Uint8Array): CueReader => READERS[codec](setup);
