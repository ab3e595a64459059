import type { VideoEncoders, VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import { runChild } from '../child.ts';
import { throughLoopback } from '../foreign/loopback.ts';
import type { Capabilities } from './capabilities.ts';
import { createDemotions } from './demotions.ts';
import { encodeArguments } from './encode-arguments.ts';
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
  /** Ends trials that are under way. */
  close(): void;
}

/** Milliseconds: a slow machine, at the beginning of a large picture. */
const PATIENCE = 20_000;

/** Encoders of the FFmpeg here, which is asked when it is first needed. */
export function openVideoEncoders(options: EncodersOptions): OpenEncoders {
  const { program, now, patience = PATIENCE } = options;
  const trials = new Trials(options);
  const demotions = createDemotions(now);
  return {
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
      const able = await withAbort(trials.capabilities(), signal);
      const { foreign } = run;
      const asked = (url: string | null) => {
        const args = encodeArguments(run, able, url);
        return runChild({ program, args, input, patience, signal });
      };
      yield* foreign ? throughLoopback(foreign.source, signal, asked) : asked(null);
    },
    demote: demotions.demote,
    close: () => trials.close(),
  };
}

/** Without FFmpeg there are no encoders. */
function noneOffered(error: unknown): readonly TrialResult[] {
  if (error instanceof MediaError && error.code === 'not-offered') return [];
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
