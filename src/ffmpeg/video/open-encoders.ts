import type { EncodeWork, VideoEncoders, VideoTarget } from '../../core/encoding.ts';
import { attempt, MediaError } from '../../core/errors.ts';
import { runChild } from '../child.ts';
import { throughLoopback } from '../foreign/loopback.ts';
import type { Capabilities } from './capabilities.ts';
import { DecodingTrials } from './decoding-trials.ts';
import { createDemotions } from './demotions.ts';
import { encodeArguments } from './encode-arguments.ts';
import type { DecodedCodec, DecodingResult } from './hardware-decoding.ts';
import { pictureFilters } from './picture-filters.ts';
import { isDolbyAlone } from './source-colour.ts';
import type { TrialResult } from './trial.ts';
import { Trials, type TrialsOptions } from './trials.ts';

/** Where encoders are, and how long they may take. */
export interface EncodersOptions extends TrialsOptions {
  /** Milliseconds in which a run must give something while it has something to do. */
  readonly patience?: number;
}

/** Encoders that can tell how they were found. */
export interface OpenEncoders extends VideoEncoders {
  /**
   * How each encoder of the target's codec did, by preference: those that were not tried have a reason, too.
   * @throws as `capabilities`
   */
  trials(target: VideoTarget, signal: AbortSignal): Promise<readonly TrialResult[]>;
  /**
   * What FFmpeg says that it has.
   * @throws MediaError `not-offered` where it is not there, too old, or none; the abort reason when aborted
   */
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /**
   * Why no encoder here can make that of the source, whatever its codec: a filter is not there; null where nothing is
   * against it.
   * @throws the abort reason when aborted
   */
  reasonAgainst(work: EncodeWork, signal: AbortSignal): Promise<string | null>;
  /** Why libplacebo does not work here; null when it does. @throws as `capabilities` */
  placebo(signal: AbortSignal): Promise<string | null>;
  /** How hardware did with a codec, by preference. @throws as `capabilities` */
  decoding(codec: DecodedCodec, signal: AbortSignal): Promise<readonly DecodingResult[]>;
  /** Ends trials that are under way. */
  close(): void;
}

/** Milliseconds: a slow machine, at the beginning of a large picture. */
const PATIENCE = 20_000;

/** Encoders of the FFmpeg here, which is asked when it is first needed. */
export function openVideoEncoders(options: EncodersOptions): OpenEncoders {
  const { program, now, patience = PATIENCE } = options;
  const trials = new Trials(options);
  const decoding = new DecodingTrials({ program, trials, now });
  const demotions = createDemotions(now);
  const ableFor = async ({ source }: EncodeWork): Promise<Capabilities> => {
    const capabilities = await trials.capabilities();
    return isDolbyAlone(source)
      ? { ...capabilities, hasPlacebo: (await trials.placebo()) === null }
      : capabilities;
  };
  return {
    async reasonAgainst(work, signal) {
      const change = { ...work, from: 0, format: 'yuv420p' };
      return withAbort(
        ableFor(work).then((able) => attempt(() => pictureFilters(change, able))),
        signal,
      ).then((result) => (result instanceof MediaError ? result.message : null), messageOf);
    },
    placebo: (signal) => withAbort(trials.placebo(), signal),
    capabilities: (signal) => withAbort(trials.capabilities(), signal),
    trials: (target, signal) =>
      withAbort(
        trials.of(target).then((all) => Promise.all(all)),
        signal,
      ),
    async encodersFor(target, signal) {
      const done = await withAbort(trials.soon(target).catch(noneOffered), signal);
      return demotions.inOrder(done.flatMap(({ encoder, reason }) => (reason === null ? [encoder] : [])));
    },
    async *encode(run, input, signal) {
      const able = await withAbort(ableFor(run), signal);
      const decoder = await withAbort(decoding.hardwareFor(run.source), signal);
      const { foreign } = run;
      const asked = (url: string | null) => {
        const args = encodeArguments(run, able, { url, decoder });
        return runChild({ program, args, input, patience, signal });
      };
      try {
        yield* foreign ? throughLoopback(foreign.source, signal, asked) : asked(null);
      } catch (error) {
        if (decoder && error instanceof MediaError && error.code === 'not-offered') decoding.rest();
        throw error;
      }
    },
    demote: demotions.demote,
    decoding: (codec, signal) => withAbort(decoding.of(codec), signal),
    close() {
      const reason = new MediaError('busy', 'The server is being stopped');
      trials.close(reason);
      decoding.close(reason);
    },
  };
}

/** Without FFmpeg there are no encoders. */
function noneOffered(error: unknown): readonly TrialResult[] {
  if (error instanceof MediaError && error.code === 'not-offered') return [];
  throw error;
}

/** Of a MediaError; others go on. */
function messageOf(error: unknown): string {
  if (error instanceof MediaError) return error.message;
  throw error;
}

/** The same, for one who may leave earlier; the work goes on for the others. */
function withAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
