import type { TranscodeJob } from '../core/transcoding.ts';

type Packets = readonly Uint8Array[];
type Outcome = 'done' | { readonly error: unknown };

/** One job from the queue to its last packet: what a thread gives on one side is read on the other. */
export class Task {
  readonly id: number;
  readonly job: TranscodeJob;
  /** Somebody waits for it. */
  readonly isUrgent: () => boolean;
  readonly #arrived: Packets[] = [];
  #outcome: Outcome | null = null;
  #wake: (() => void) | null = null;

  constructor(id: number, job: TranscodeJob, isUrgent: () => boolean) {
    this.id = id;
    this.job = job;
    this.isUrgent = isUrgent;
  }

  get isOver(): boolean {
    return this.#outcome !== null;
  }

  push(packets: Packets): void {
    this.#arrived.push(packets);
    this.#wake?.();
  }

  /** Only the first end counts. */
  end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#wake?.();
  }

  /** For one reader. What came before a failure is read before it. @throws what it ended with */
  async *packets(): AsyncGenerator<Packets> {
    for (;;) {
      const next = this.#arrived.shift();
      if (next) yield next;
      else if (this.#outcome === 'done') return;
      else if (this.#outcome) throw this.#outcome.error;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
  }
}
