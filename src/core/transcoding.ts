import type { SoundConfig } from './media.ts';

/** Samples of one frame of AAC-LC: ISO/IEC 14496-3, 4.5.2.1. */
export const AAC_FRAME = 1024;
/** Frames that an encoder is fed before the first one that is kept: it then does what one fed from the start would do. */
export const WARM_UP_FRAMES = 16;
/** Frames behind the last one that is kept: its packet overlaps with one, and the next decides its window. */
export const LOOK_AHEAD_FRAMES = 2;

/** The sound of one track, as its packets hold it. */
export interface SoundSource {
  readonly config: SoundConfig;
  /** Samples a second of the source's time line. */
  readonly rate: number;
  readonly channels: number;
  /** Samples of a usual packet. */
  readonly frameSize: number;
}

/** One packet of the source in its place. */
export interface SourceFrame {
  /** In samples of the source from the zero of the title; before it, negative. */
  readonly start: number;
  /** Samples that are heard of it: what it holds beyond is cut off. Infinite when all of them are. */
  readonly samples: number;
  /** Samples at its beginning that are not to be heard. */
  readonly skipped: number;
  readonly data: Uint8Array;
}

export interface AacOutput {
  /** Samples a second: the source's, or that halved until AAC has it. */
  readonly rate: number;
  /** FL FR, or FL FR FC LFE BL BR. */
  readonly channels: 2 | 6;
}

/** Frames [first, end) of one track in AAC: frame k begins at sample k·1024 of the title. */
export interface TranscodeJob {
  readonly source: SoundSource;
  readonly output: AacOutput;
  readonly first: number;
  readonly end: number;
  /** Whether the title ends with the last frame. */
  readonly isLast: boolean;
  /**
   * Every packet that sounds in the frames, in their warm-up and look-ahead, and those before that its decoder needs,
   * by ascending start.
   */
  readonly packets: readonly SourceFrame[];
}

export interface TranscodeOptions {
  readonly signal: AbortSignal;
  /** False while nobody waits for it: other work goes first. Asked when there is room for a job. */
  isUrgent(): boolean;
}

/** Decodes any sound it knows and encodes it as AAC-LC. Equal jobs give equal bytes, wherever and whenever they run. */
export interface AudioTranscoder {
  /** Why sound of this kind cannot be decoded here; null when it can. */
  reasonAgainst(config: SoundConfig): string | null;
  /** All that the bytes depend on besides the job: encoder and settings. */
  readonly settings: string;
  /** Bits a second that one channel may take at the most. */
  readonly peakPerChannel: number;
  /** Gets ready for jobs that will come soon: what is loaded only once is loaded now. */
  prepare(): void;
  /**
   * The packets of the frames asked for, in order, some at a time as they are made.
   * @throws MediaError `unsupported`, `busy`; the abort reason when aborted
   */
  transcode(job: TranscodeJob, options: TranscodeOptions): AsyncIterable<readonly Uint8Array[]>;
}
