import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import { createTurns, type Turns } from '../turns.ts';
import type { Capabilities } from './capabilities.ts';
import { ENCODERS, type EncoderRow } from './encoder-table.ts';
import { lookSize, takeLook } from './look.ts';
import { lookAtMachine, type Machine, reasonAgainstFamily, vaapiNode } from './machine.ts';
import { reasonAgainstPlacebo } from './placebo.ts';
import { askProgram } from './program.ts';
import { type TrialContext, type TrialResult, tryEncoder } from './trial.ts';
import { makeTrialPictures } from './trial-pictures.ts';

/** What trials are made with. */
export interface TrialsOptions {
  /** Path of FFmpeg. */
  readonly program: string;
  /** As `process.platform`. */
  readonly platform: string;
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /**
   * Encoders or families of them (`libx264`, `nvenc`, `software`), the preferred one first: no others are used, and what
   * is named is tried even where its hardware is not seen. Empty: all, hardware first.
   */
  readonly order: readonly string[];
  /** Milliseconds that a trial may take; software, which is slow but does not hang, is given three times as much. */
  readonly trialTime?: number;
  /** Pictures that are encoded; more of them tell more of the speed. */
  readonly pictures?: number;
  /** Trials at a time; one alone tells its speed. */
  readonly atOnce?: number;
}

const TRIAL_TIME = 10_000;
/** Trials at a time. */
const AT_ONCE = 3;
/** More than most encoders look ahead. */
const PICTURES = 16;
/** Milliseconds for which a slow trial is waited for when another encoder is known to be good. */
const GRACE = 2500;
const PATIENT = 3;
/** Milliseconds after which an FFmpeg that was not there is looked for again. */
const ASK_AGAIN = 60_000;
/** Milliseconds after which an encoder that failed is tried again: it may have been in use elsewhere. */
const TRY_AGAIN = 10 * 60_000;
/** Largest pictures of the classes in which each encoder is tried once, in samples. */
const CLASSES = [1280 * 720, 1920 * 1088, 2560 * 1440, 4096 * 2304] as const;

interface Trial {
  readonly result: Promise<TrialResult>;
  /** Null while it has not failed. */
  failedAt: number | null;
}

/** What encoders of a target have in common. */
interface Ground {
  readonly target: VideoTarget;
  readonly capabilities: Capabilities;
  readonly machine: Machine;
  /** Made when the first one needs it. */
  readonly prepare: () => Promise<TrialContext>;
}

/** Trials of encoders, each made once and for all who ask. */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #closing = new AbortController();
  readonly #turns: Turns;
  readonly #trials = new Map<string, Trial>();
  #asked: { readonly at: number; readonly answer: Promise<Capabilities> } | null = null;
  #machine: Promise<Machine> | null = null;
  #placebo: Promise<string | null> | null = null;

  constructor(options: TrialsOptions) {
    this.#options = options;
    this.#turns = createTurns(options.atOnce ?? AT_ONCE);
  }

  /** @throws MediaError `not-offered` where FFmpeg is not there, too old, or none */
  capabilities(): Promise<Capabilities> {
    const now = this.#options.now();
    if (this.#asked && this.#asked.at > now - ASK_AGAIN) return this.#asked.answer;
    const answer = this.#ask();
    const asked = { at: now, answer };
    this.#asked = asked;
    answer.then(
      () => {
        if (this.#asked === asked) this.#asked = { at: Number.POSITIVE_INFINITY, answer };
      },
      () => undefined,
    );
    return answer;
  }

  async #ask(): Promise<Capabilities> {
    const { program } = this.#options;
    return askProgram(program, vaapiNode(await this.machine()), this.#closing.signal);
  }

  machine(): Promise<Machine> {
    this.#machine ??= lookAtMachine(this.#options.platform);
    return this.#machine;
  }

  /** By preference; of those that need no trial there is a reason at once. @throws as `capabilities` */
  async of(target: VideoTarget): Promise<readonly Promise<TrialResult>[]> {
    const [capabilities, machine] = [await this.capabilities(), await this.machine()];
    let prepared: Promise<TrialContext> | null = null;
    const prepare = () => {
      prepared ??= this.#prepare(target, capabilities);
      return prepared;
    };
    const rows = inOrder(ENCODERS, this.#options.order).filter(({ codec }) => codec === target.codec);
    return rows.map((row) => this.#trial(row, { target, capabilities, machine, prepare }));
  }

  /** The one that was made with pictures like these, or is under way. */
  #trial(row: EncoderRow, ground: Ground): Promise<TrialResult> {
    const { now } = this.#options;
    const { depth, range, width, height } = ground.target;
    const size = CLASSES.findIndex((samples) => width * height <= samples);
    const key = [row.name, depth, range, size].join('/');
    const known = this.#trials.get(key);
    if (known && (known.failedAt === null || now() - known.failedAt < TRY_AGAIN)) return known.result;
    const trial: Trial = { result: this.#try(row, ground), failedAt: null };
    this.#trials.set(key, trial);
    trial.result.then(
      ({ reason }) => {
        if (reason !== null) trial.failedAt = now();
      },
      () => this.#trials.delete(key),
    );
    return trial.result;
  }

  /** Those that are done; once an encoder is known to be good the others are waited for a little longer only. */
  async soon(target: VideoTarget): Promise<readonly TrialResult[]> {
    const all = await this.of(target);
    const done = new Map<number, TrialResult>();
    await new Promise<void>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const take = (i: number, result: TrialResult) => {
        done.set(i, result);
        if (done.size === all.length) {
          clearTimeout(timer);
          resolve();
        } else if (result.reason === null) timer ??= setTimeout(resolve, GRACE);
      };
      for (const [i, trial] of all.entries()) trial.then((result) => take(i, result), reject);
      if (all.length === 0) resolve();
    });
    return [...done].sort(([a], [b]) => a - b).map(([, result]) => result);
  }

  /** Why libplacebo does not work here; null when it does. @throws as `capabilities` */
  placebo(): Promise<string | null> {
    this.#placebo ??= this.#tryPlacebo();
    return this.#placebo;
  }

  async #tryPlacebo(): Promise<string | null> {
    const { program, trialTime = TRIAL_TIME } = this.#options;
    const maker = { program, patience: trialTime, signal: this.#closing.signal };
    return reasonAgainstPlacebo(await this.capabilities(), maker);
  }

  close(reason: unknown): void {
    this.#closing.abort(reason);
  }

  #reasonAgainst(
    { name, family, formats }: EncoderRow,
    { target, capabilities, machine }: Ground,
  ): string | null {
    const { order } = this.#options;
    if (!capabilities.encoders.has(name)) return 'FFmpeg was built without it';
    if (formats[target.depth] === null) return `It makes no pictures of ${target.depth} bits`;
    return order.includes(name) ? null : reasonAgainstFamily(family, machine);
  }

  async #prepare(target: VideoTarget, capabilities: Capabilities): Promise<TrialContext> {
    const { program, now, trialTime = TRIAL_TIME, pictures: count = PICTURES } = this.#options;
    const maker = { program, patience: trialTime, signal: this.#closing.signal };
    const pictures = await makeTrialPictures(target, count, maker);
    const look = await takeLook({ format: 'matroska', bytes: pictures.movie }, lookSize(target), maker);
    return { ...maker, capabilities, pictures, look, now };
  }

  /** Rejects for no fault of an encoder. */
  async #try(row: EncoderRow, ground: Ground): Promise<TrialResult> {
    const reason = this.#reasonAgainst(row, ground);
    if (reason !== null) return notTried(row, reason);
    const { trialTime = TRIAL_TIME } = this.#options;
    const closing = this.#closing.signal;
    let end = () => {};
    try {
      end = await this.#turns.take(closing);
      const context = await ground.prepare();
      const limit = AbortSignal.timeout(row.family === 'software' ? PATIENT * trialTime : trialTime);
      const signal = AbortSignal.any([closing, limit]);
      return await tryEncoder(row, ground.target, { ...context, signal });
    } catch (error) {
      if (closing.aborted) return notTried(row, 'It was interrupted');
      if (error instanceof MediaError) return notTried(row, error.message);
      throw error;
    } finally {
      end();
    }
  }
}

const notTried = ({ name }: EncoderRow, reason: string): TrialResult => ({
  encoder: name,
  command: [],
  reason,
  speed: null,
  codecString: null,
});

/** The rows that are named, by themselves or by their family, in the order of the names; all where none is. */
export function inOrder(rows: readonly EncoderRow[], order: readonly string[]): readonly EncoderRow[] {
  if (order.length === 0) return rows;
  const named = order.flatMap((name) => rows.filter((row) => row.name === name || row.family === name));
  return [...new Set(named)];
}
