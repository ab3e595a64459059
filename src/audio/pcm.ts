/** Where a channel's loudspeaker stands: the names of FFmpeg's channel layouts. */
export type Speaker = 'FL' | 'FR' | 'FC' | 'LFE' | 'BL' | 'BR' | 'FLC' | 'FRC' | 'BC' | 'SL' | 'SR';

/** How a stream wants its centre and its surrounds mixed into two channels, as linear gains. */
export interface MixLevels {
  readonly center: number;
  readonly surround: number;
}

/** Decoded sound: full scale is 1, arrays of one length, one for each speaker and in their order. */
export interface Pcm {
  /** Samples a second of each channel. */
  readonly rate: number;
  readonly speakers: readonly Speaker[];
  readonly channels: readonly Float32Array[];
  /** Absent where the stream says nothing of it. */
  readonly mix?: MixLevels;
}

/** Turns the packets of one track into samples, one after the other. */
export interface PacketDecoder {
  /**
   * Sound of one packet, as MP4 or Matroska stores it; the arrays may be overwritten by the next call. Null when the
   * packet cannot be decoded, or gives nothing yet.
   * @param index number of the packet on its track: what a decoder makes up (dither) depends on it and nothing else
   */
  decode(packet: Uint8Array, index: number): Pcm | null;
  close(): void;
}
