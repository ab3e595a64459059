import { encodedCodecString } from '../../codecs/encoded-video.ts';
import type { EncodedCodec, EncodeRun, VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import { runChild } from '../child.ts';
import { gather } from '../gather.ts';
import type { Capabilities } from './capabilities.ts';
import { encodeArguments } from './encode-arguments.ts';
import type { EncoderRow } from './encoder-table.ts';
import { likeness } from './likeness.ts';
import { type Look, once, takeLook } from './look.ts';
import { type EncodedMovie, readMovie } from './read-movie.ts';
import type { TrialPictures } from './trial-pictures.ts';

/** How an encoder did. */
export interface TrialResult {
  readonly encoder: string;
  /** Arguments of FFmpeg; empty where nothing was tried. */
  readonly command: readonly string[];
  /** Null when what it made is right. */
  readonly reason: string | null;
  /** Pictures a second, the start of the program included; null where there were none. */
  readonly speed: number | null;
  /** As the stream itself has it; null where it cannot be read. */
  readonly codecString: string | null;
}

/** Where and with what it is tried. */
export interface TrialContext {
  readonly program: string;
  readonly capabilities: Capabilities;
  readonly pictures: TrialPictures;
  /** What the pictures look like. */
  readonly look: Look;
  /** Milliseconds. */
  readonly now: () => number;
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Structural similarity below which pictures are not those that were given. */
const LIKE = 0.9;
/** A stream of a few pictures. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Encodes a few pictures by the very command line that films are encoded by, and reads them back.
 * @throws the abort reason when aborted; what fails otherwise is the result's reason
 */
export async function tryEncoder(
  row: EncoderRow,
  target: VideoTarget,
  context: TrialContext,
): Promise<TrialResult> {
  const { program, capabilities, pictures, now, patience, signal } = context;
  const run: EncodeRun = {
    source: pictures.source,
    target,
    encoder: row.name,
    from: pictures.stamps[0] ?? 0,
  };
  const failed = { encoder: row.name, command: [], speed: null, codecString: null };
  let tried: Omit<TrialResult, 'reason'> = failed;
  try {
    const command = encodeArguments(run, capabilities);
    tried = { ...failed, command };
    const start = now();
    const child = { program, args: command, input: once([pictures.movie]), patience, signal };
    const bytes = await gather(runChild(child), MAX_BYTES);
    const speed = (pictures.stamps.length / (now() - start)) * 1000;
    tried = { ...tried, speed };
    const movie = readMovie(bytes, target.codec);
    tried = { ...tried, codecString: movie.codecString };
    const fault = faultOf(movie, target, pictures.stamps) ?? (await strangeness(bytes, context));
    return { ...tried, reason: fault };
  } catch (error) {
    if (isTimeout(error)) return { ...tried, reason: 'It took too long' };
    signal.throwIfAborted();
    if (!(error instanceof MediaError)) throw error;
    return { ...tried, reason: error.message };
  }
}

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError';

/** What is wrong with the stream; null where it is as it was asked for. */
function faultOf(movie: EncodedMovie, target: VideoTarget, stamps: readonly number[]): string | null {
  const { pictures } = movie;
  if (pictures.length !== stamps.length) return `${pictures.length} pictures came out of ${stamps.length}`;
  const shown = pictures.toSorted((a, b) => a.stamp - b.stamp);
  if (shown.some(({ stamp }, i) => stamp !== stamps[i])) return 'Pictures lost their stamps';
  const half = Math.ceil(stamps.length / 2);
  const keys = shown.flatMap(({ kind }, i) => (kind === 'idr' ? [i] : []));
  if (keys.join() !== `0,${half}`) return `Key pictures are ${keys.join(', ')}, not 0, ${half}`;
  // In decode order, too, nothing of one group comes behind the other's key picture.
  if (pictures.findIndex(({ kind }, i) => i > 0 && kind === 'idr') !== half)
    return 'Groups of pictures are not closed';
  return formFault(movie, target);
}

/** Profile, level, and what else of a string must be as it was wanted. */
const FORMS: { readonly [C in EncodedCodec]: RegExp } = {
  h264: /^avc1\.(?<profile>..)..(?<level>..)$/,
  h265: /^hvc1\.(?<profile>\d+)\.\w+\.(?<rest>[LH])(?<level>\d+)/,
  av1: /^av01\.(?<profile>\d)\.(?<level>\d\d)(?<rest>[MH]\.\d\d)/,
};

/** A lower level than the wanted one is right, too. */
function isAsWanted(codec: EncodedCodec, made: string, wanted: string): boolean {
  const [a, b] = [FORMS[codec].exec(made)?.groups, FORMS[codec].exec(wanted)?.groups];
  const level = (text: string | undefined) => Number.parseInt(text ?? '', codec === 'h264' ? 16 : 10);
  return a?.profile === b?.profile && a?.rest === b?.rest && level(a?.level) <= level(b?.level);
}

function formFault({ codecString, width, height, colour }: EncodedMovie, target: VideoTarget): string | null {
  if (width !== target.width || height !== target.height)
    return `Pictures of ${width}x${height} came out, not of ${target.width}x${target.height}`;
  const wanted = encodedCodecString(target);
  if (wanted !== null && !isAsWanted(target.codec, codecString, wanted))
    return `It made ${codecString} where ${wanted} was wanted`;
  const { primaries, transfer, matrix, fullRange } = target.colour;
  const isRight =
    colour?.primaries === primaries &&
    colour.transfer === transfer &&
    colour.matrix === matrix &&
    colour.fullRange === fullRange;
  return isRight ? null : 'The stream does not tell its colour, or another one';
}

/** What is wrong with the pictures once they are decoded. */
async function strangeness(bytes: Uint8Array, context: TrialContext): Promise<string | null> {
  const { look } = context;
  const seen = await takeLook({ format: 'mp4', bytes }, look, context);
  const similarity = likeness(look, seen.samples);
  return similarity < LIKE ? `Its pictures are not those it was given (SSIM ${similarity.toFixed(2)})` : null;
}
