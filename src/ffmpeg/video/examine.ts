import type { EncodedCodec, VideoTarget } from '../../core/encoding.ts';
import type { Colour } from '../../core/media.ts';
import { DecodingTrials } from './decoding-trials.ts';
import { ENCODERS, type EncoderRow, FAMILIES } from './encoder-table.ts';
import { DECODED_CODECS, type DecodingResult } from './hardware-decoding.ts';
import type { TrialResult } from './trial.ts';
import { inOrder, Trials, type TrialsOptions } from './trials.ts';

/** `not here`: there was no need to try it. */
export type Outcome = 'ok' | 'failed' | 'not here';

export interface EncoderFinding {
  readonly name: string;
  readonly codec: EncodedCodec;
  /** `NVENC`, `software`. */
  readonly kind: string;
  readonly result: Outcome;
  readonly reason: string | null;
  /** Of pictures of 1080 lines, else of 720. RFC 6381; null where none were made. */
  readonly codecs: string | null;
  /** Times as fast as 25 pictures a second, decoding and the start of the program included. */
  readonly speed: { readonly '720p': number | null; readonly '1080p': number | null };
  /** HDR in ten bits; null where the codec or the encoder is not asked for it. */
  readonly hdr: { readonly result: Outcome; readonly reason: string | null } | null;
  /** The command line that was tried, the program first; empty where none was. */
  readonly command: readonly string[];
}

export interface DecodingFinding {
  readonly name: string;
  readonly codec: string;
  readonly result: Outcome;
  readonly reason: string | null;
  readonly command: readonly string[];
}

export interface FilterFinding {
  readonly name: string;
  readonly use: string;
  readonly result: Outcome;
  readonly reason: string | null;
}

/** What an FFmpeg and its machine can do. */
export interface Examination {
  /** `reason`: why it cannot be used. */
  readonly ffmpeg: {
    readonly path: string | null;
    readonly version: string | null;
    readonly reason: string | null;
  };
  readonly encoders: readonly EncoderFinding[];
  readonly decoding: readonly DecodingFinding[];
  readonly filters: readonly FilterFinding[];
}

export interface ExamineOptions extends Pick<TrialsOptions, 'program' | 'platform' | 'now' | 'order'> {
  /** Pictures that each encoder is given: the more the truer the speeds. */
  readonly pictures?: number;
  /** Told before something that takes time. */
  readonly onStep: (what: string) => void;
  readonly signal: AbortSignal;
}

const RATE = 25;
const BT709: Colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
const BT2100: Colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
const SIZES = {
  '720p': { width: 1280, height: 720, maxBitrate: 5_000_000 },
  '1080p': { width: 1920, height: 1080, maxBitrate: 10_000_000 },
} as const;
type SizeName = keyof typeof SIZES;
const CODECS: readonly EncodedCodec[] = ['h264', 'h265', 'av1'];

/** So that the start of the program counts for little. */
const PICTURES = 50;
/** Where nobody looks at the speed. */
const FEW = 16;
const TRIAL_TIME = 20_000;

const target = (codec: EncodedCodec, size: SizeName): VideoTarget => ({
  ...SIZES[size],
  codec,
  depth: 8,
  range: 'SDR',
  colour: BT709,
  frameRate: RATE,
});

/**
 * Tries all encoders, one after the other, and whatever else a run may need.
 * @throws MediaError `not-offered` where FFmpeg does not start, is too old, or none; the abort reason when aborted
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { program, signal } = options;
  const all = trialsOf(options, options.order, options.pictures);
  const { version, filters } = await all.capabilities();
  const encoders: EncoderFinding[] = [];
  for (const codec of CODECS) encoders.push(...(await examineCodec(codec, all, options)));
  signal.throwIfAborted();
  options.onStep('hardware that decodes');
  return {
    ffmpeg: { path: program, version, reason: null },
    encoders,
    decoding: await examineDecoding(all, options),
    filters: await examineFilters(filters, all, options),
  };
}

function trialsOf(
  { program, platform, now, signal }: ExamineOptions,
  order: readonly string[],
  pictures: number = PICTURES,
): Trials {
  const trials = new Trials({ program, platform, now, order, pictures, trialTime: TRIAL_TIME, atOnce: 1 });
  signal.addEventListener('abort', () => trials.close(signal.reason), { once: true });
  return trials;
}

/** What fails at 720 lines is not tried with more. */
async function examineCodec(
  codec: EncodedCodec,
  all: Trials,
  options: ExamineOptions,
): Promise<EncoderFinding[]> {
  const rows = inOrder(ENCODERS, options.order).filter((row) => row.codec === codec);
  const small = await results(all, target(codec, '720p'), options);
  const good = rows.filter(({ name }) => small.get(name)?.reason === null);
  if (good.length === 0) return rows.map((row) => finding(row, { small: small.get(row.name) }, options));
  const names = good.map(({ name }) => name);
  const large = await results(trialsOf(options, names, options.pictures), target(codec, '1080p'), options);
  const bright: VideoTarget = { ...target(codec, '720p'), depth: 10, range: 'PQ', colour: BT2100 };
  const deep = codec === 'h264' ? new Map() : await results(trialsOf(options, names, FEW), bright, options);
  return rows.map(({ name }, i) =>
    finding(
      rows[i] as EncoderRow,
      { small: small.get(name), large: large.get(name), deep: deep.get(name) },
      options,
    ),
  );
}

async function results(
  trials: Trials,
  wanted: VideoTarget,
  { onStep, signal }: ExamineOptions,
): Promise<ReadonlyMap<string, TrialResult>> {
  const found = new Map<string, TrialResult>();
  onStep(`${wanted.codec}, ${wanted.height} lines, ${wanted.depth} bits`);
  for (const trial of await trials.of(wanted)) {
    const result = await trial;
    signal.throwIfAborted();
    found.set(result.encoder, result);
  }
  return found;
}

interface Results {
  readonly small?: TrialResult | undefined;
  readonly large?: TrialResult | undefined;
  readonly deep?: TrialResult | undefined;
}

const outcome = ({ reason, command }: Pick<TrialResult, 'reason' | 'command'>): Outcome =>
  reason === null ? 'ok' : command.length > 0 ? 'failed' : 'not here';

const timesRealTime = (result: TrialResult | undefined): number | null =>
  result?.reason === null && result.speed !== null ? Math.round((result.speed / RATE) * 100) / 100 : null;

function finding(
  { name, codec, family }: EncoderRow,
  { small, large, deep }: Results,
  { program }: ExamineOptions,
) {
  // Sizes that it does not manage are its fault as well.
  const worst = small?.reason === null && large ? large : small;
  const command = worst?.command ?? [];
  return {
    name,
    codec,
    kind: FAMILIES[family].title,
    result: worst ? outcome(worst) : 'not here',
    reason: worst?.reason ?? null,
    codecs: large?.codecString ?? small?.codecString ?? null,
    speed: { '720p': timesRealTime(small), '1080p': timesRealTime(large) },
    hdr: deep ? { result: outcome(deep), reason: deep.reason } : null,
    command: command.length > 0 ? [program, ...command] : [],
  } as const satisfies EncoderFinding;
}

async function examineDecoding(
  trials: Trials,
  { program, now, signal }: ExamineOptions,
): Promise<DecodingFinding[]> {
  const decoding = new DecodingTrials({ program, trials, now });
  const onAbort = () => decoding.close(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const found: DecodingResult[] = [];
  for (const codec of DECODED_CODECS) found.push(...(await decoding.of(codec)));
  signal.removeEventListener('abort', onAbort);
  return found.map(({ name, codec, command, reason }) => ({
    name,
    codec,
    result: outcome({ reason, command }),
    reason,
    command: command.length > 0 ? [program, ...command] : [],
  }));
}

/** What runs take besides encoders. */
const FILTERS: readonly { readonly name: string; readonly use: string }[] = [
  { name: 'bwdif', use: 'deinterlacing' },
  { name: 'zscale', use: 'SDR of HDR' },
  { name: 'lutrgb', use: 'SDR of HDR' },
  { name: 'libplacebo', use: 'SDR of Dolby Vision alone' },
];

async function examineFilters(
  there: ReadonlySet<string>,
  trials: Trials,
  { onStep }: ExamineOptions,
): Promise<FilterFinding[]> {
  onStep('filters');
  const placebo = await trials.placebo();
  return FILTERS.map(({ name, use }) => {
    if (!there.has(name)) return { name, use, result: 'not here', reason: 'FFmpeg was built without it' };
    const reason = name === 'libplacebo' ? placebo : null;
    return { name, use, result: reason === null ? 'ok' : 'failed', reason };
  });
}
