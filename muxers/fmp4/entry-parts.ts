import { box, type Part, u16, u32, zeros } from './box.ts';

/** Bits a second. */
export interface Bitrate {
  readonly average: number;
  readonly peak: number;
}

/** What a sample entry is made of. */
export interface EntryOf<Track, Config> {
  readonly track: Track;
  readonly config: Config;
  readonly bitrate: Bitrate | null;
}

const DATA_REFERENCE = 1;

/** SampleEntry: ISO/IEC 14496-12, 8.5.2.2. */
export const sampleEntryHead: readonly Part[] = [zeros(6), u16(DATA_REFERENCE)];

/** Bit Rate: ISO/IEC 14496-12, 8.5.2. */
export const btrt = (bitrate: Bitrate | null): Part[] =>
  bitrate ? [box('btrt', u32(0, bitrate.peak, bitrate.average))] : [];
