import type { VideoTrack } from '../../core/media.ts';
import {
  type DecodedCodec,
  type DecodingResult,
  type DecodingRow,
  decodedCodec,
  HWACCELS,
  reasonAgainstDecoding,
  tryDecoding,
} from './hardware-decoding.ts';
import type { Trials } from './trials.ts';

export interface DecodingTrialsOptions {
  readonly program: string;
  /** What FFmpeg and the machine have. */
  readonly trials: Trials;
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** Milliseconds that a trial may take. */
  readonly trialTime?: number;
}

const TRIAL_TIME = 10_000;
/** Milliseconds for which hardware that failed in a run is not used. */
const REST = 10 * 60_000;

/** Which hardware decodes what: each is tried once. */
export class DecodingTrials {
  readonly #options: DecodingTrialsOptions;
  readonly #closing = new AbortController();
  readonly #results = new Map<DecodedCodec, Promise<readonly DecodingResult[]>>();
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: DecodingTrialsOptions) {
    this.#options = options;
  }

  /** How each way did, by preference. @throws MediaError `not-offered` without FFmpeg */
  of(codec: DecodedCodec): Promise<readonly DecodingResult[]> {
    const known = this.#results.get(codec);
    if (known) return known;
    const results = this.#try(codec);
    this.#results.set(codec, results);
    results.catch(() => this.#results.delete(codec));
    return results;
  }

  /** What decodes the track best; null: software. @throws as `of` */
  async hardwareFor(track: VideoTrack): Promise<DecodingRow | null> {
    const codec = decodedCodec(track);
    if (codec === null || this.#options.now() < this.#restsUntil) return null;
    const good = (await this.of(codec)).find(({ reason }) => reason === null);
    return HWACCELS.find(({ name }) => name === good?.name) ?? null;
  }

  /** A run in which hardware decoded has failed: it may have been its fault. */
  rest(): void {
    this.#restsUntil = this.#options.now() + REST;
  }

  close(reason: unknown): void {
    this.#closing.abort(reason);
  }

  async #try(codec: DecodedCodec): Promise<readonly DecodingResult[]> {
    const { program, trials, trialTime = TRIAL_TIME } = this.#options;
    const [capabilities, machine] = [await trials.capabilities(), await trials.machine()];
    const results: DecodingResult[] = [];
    for (const row of HWACCELS) {
      const reason = reasonAgainstDecoding(row, capabilities, machine);
      const limit = AbortSignal.timeout(trialTime);
      const signal = AbortSignal.any([this.#closing.signal, limit]);
      const maker = { program, patience: trialTime, signal, capabilities };
      const skipped = { name: row.name, codec, command: [], reason };
      results.push(reason === null ? await tryDecoding(row, codec, maker) : skipped);
    }
    return results;
  }
}
