import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import { createTurns } from '../turns.ts';
import type { Capabilities } from './capabilities.ts';
import { ENCODERS, type EncoderRow } from './encoder-table.ts';
import { lookSize, takeLook } from './look.ts';
import { lookAtMachine, type Machine, reasonAgainstFamily, vaapiNode } from './machine.ts';
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
  /** Milliseconds that a trial may take. */
  readonly trialTime?: number;
  /** Pictures that are encoded; more of them tell more of the speed. */
  readonly pictures?: number;
}

const TRIAL_TIME = 10_000;
/** Trials at a time. */
const AT_ONCE = 3;
/** More than most encoders look ahead. */
const PICTURES = 16;
/** Milliseconds for which a slow trial is waited for when another encoder is known to be good. */
const GRACE = 2500;
/** Milliseconds after which an FFmpeg that was not there is looked for again. */
const ASK_AGAIN = 60_000;
/** Largest pictures of the classes in which each encoder is tried once, in samples. */
const CLASSES = [1280 * 720, 1920 * 1088, 2560 * 1440, 4096 * 2304] as const;

/** Trials of encoders, each made once and for all who ask. */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #closing = new AbortController();
  readonly #turns = createTurns(AT_ONCE);
  readonly #trials = new Map<string, Promise<readonly Promise<TrialResult>[]>>();
  #asked: { readonly at: number; readonly answer: Promise<Capabilities> } | null = null;
  #machine: Promise<Machine> | null = null;

  constructor(options: TrialsOptions) {
    this.#options = options;
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
    return askProgram(program, vaapiNode(await this.#look()), this.#closing.signal);
  }

  #look(): Promise<Machine> {
    this.#machine ??= lookAtMachine(this.#options.platform);
    return this.#machine;
  }

  /** By preference; of those that need no trial there is a reason at once. @throws as `capabilities` */
  async of(target: VideoTarget): Promise<readonly Promise<TrialResult>[]> {
    const { codec, depth, range, width, height } = target;
    const size = CLASSES.findIndex((samples) => width * height <= samples);
    const key = [codec, depth, range, size].join('/');
    const known = this.#trials.get(key);
    if (known) return known;
    const begun = this.#begin(target);
    this.#trials.set(key, begun);
    begun.catch(() => this.#trials.delete(key));
    return begun;
  }

  /** Those that are done; once an encoder is known to be good the others are waited for a little longer only. */
  async soon(target: VideoTarget): Promise<readonly TrialResult[]> {
    const all = await this.of(target);
    const done = new Map<number, TrialResult>();
    await new Promise<void>((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const take = (i: number, result: TrialResult) => {
        done.set(i, result);
        if (done.size === all.length) {
          clearTimeout(timer);
          resolve();
        } else if (result.reason === null) timer ??= setTimeout(resolve, GRACE);
      };
      for (const [i, trial] of all.entries()) void trial.then((result) => take(i, result));
      if (all.length === 0) resolve();
    });
    return [...done].sort(([a], [b]) => a - b).map(([, result]) => result);
  }

  close(): void {
    this.#closing.abort(new MediaError('busy', 'The server is being stopped'));
  }

  async #begin(target: VideoTarget): Promise<readonly Promise<TrialResult>[]> {
    const [capabilities, machine] = [await this.capabilities(), await this.#look()];
    const rows = inOrder(ENCODERS, this.#options.order).filter(({ codec }) => codec === target.codec);
    let prepared: Promise<TrialContext> | null = null;
    return rows.map((row) => {
      const reason = this.#reasonAgainst(row, target, { capabilities, machine });
      if (reason !== null) return Promise.resolve(notTried(row, reason));
      prepared ??= this.#prepare(target, capabilities);
      return this.#try(row, target, prepared);
    });
  }

  #reasonAgainst(
    { name, family, formats }: EncoderRow,
    { depth }: VideoTarget,
    { capabilities, machine }: { readonly capabilities: Capabilities; readonly machine: Machine },
  ): string | null {
    const { order } = this.#options;
    if (!capabilities.encoders.has(name)) return 'FFmpeg was built without it';
    if (formats[depth] === null) return `It makes no pictures of ${depth} bits`;
    return order.includes(name) ? null : reasonAgainstFamily(family, machine);
  }

  async #prepare(target: VideoTarget, capabilities: Capabilities): Promise<TrialContext> {
    const { program, now, trialTime = TRIAL_TIME, pictures: count = PICTURES } = this.#options;
    const maker = { program, patience: trialTime, signal: this.#closing.signal };
    const pictures = await makeTrialPictures(target, count, maker);
    const look = await takeLook({ format: 'matroska', bytes: pictures.movie }, lookSize(target), maker);
    return { ...maker, capabilities, pictures, look, now };
  }

  async #try(row: EncoderRow, target: VideoTarget, prepared: Promise<TrialContext>): Promise<TrialResult> {
    const { trialTime = TRIAL_TIME } = this.#options;
    const closing = this.#closing.signal;
    let end = () => {};
    try {
      end = await this.#turns.take(closing);
      const context = await prepared;
      const limit = AbortSignal.timeout(trialTime);
      const signal = AbortSignal.any([closing, limit]);
      return await tryEncoder(row, target, { ...context, signal });
    } catch (error) {
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
