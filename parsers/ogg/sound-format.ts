import type { SoundConfig } from '../../src/core/media.ts';

/** What the headers of a logical stream of sound say, and what its packets do. */
export interface SoundFormat {
  readonly config: SoundConfig;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameSize: number | null;
  /** As `AudioTrack.frameStep`. */
  readonly frameStep: number | null;
  /** Samples that granule positions count before the first one that was encoded. */
  readonly delay: number;
  /** Nanoseconds that a decoder must run before a place. */
  readonly seekPreRoll: number;
  /**
   * A packet's sound begins within the one before: of a stream's first one nothing is heard, and without the one before
   * nobody knows how long it lasts.
   */
  readonly overlaps: boolean;
  /** A stream with equal bytes here can be decoded as more of the same. */
  readonly identity: Uint8Array;
  /** Comments as Vorbis has them; null without. */
  readonly comments: Uint8Array | null;
  /** Metadata blocks that are pictures. */
  readonly pictures: readonly Uint8Array[];
  /** Samples that a packet lasts; null for what is no sound. @param before the packet before it; null for the first */
  samples(packet: Uint8Array, before: Uint8Array | null): number | null;
}

/** How a codec of sound is put into Ogg. */
export interface SoundMapping {
  readonly name: string;
  /** Whether a logical stream that begins with the packet is its. */
  begins(packet: Uint8Array): boolean;
  /** Whether a packet behind the first one is one of the headers. */
  isHeader(packet: Uint8Array): boolean;
  /** Whether no header follows these. */
  isComplete(headers: readonly Uint8Array[]): boolean;
  /** @throws MediaError `corrupt`, `truncated`, `unsupported` */
  parse(headers: readonly Uint8Array[]): SoundFormat;
}

/** True when the packet begins with `text` (Latin-1). */
export function startsWith(packet: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (packet[i] !== text.charCodeAt(i)) return false;
  return true;
}
