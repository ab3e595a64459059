import type { Sample } from '../../core/contracts.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { PlannedAudio } from '../title.ts';
import type { Boundary, Rest } from './picture-queue.ts';
import type { Cutting } from './targets.ts';

/** Sound without pictures is cut at the targets themselves. */
export class SoundCuts {
  readonly #audio: PlannedAudio | undefined;
  readonly #cutting: Cutting;
  /** No pictures wait here. */
  readonly bytes = 0;
  #cut = 0;
  #segments = 0;

  constructor(audio: PlannedAudio | undefined, cutting: Cutting) {
    this.#audio = audio;
    this.#cutting = cutting;
  }

  push({ time }: Sample): Boundary[] {
    if (!this.#audio) return [];
    const { clock } = this.#audio;
    const boundaries: Boundary[] = [];
    const at = clock.ticksAt(time);
    for (;;) {
      const next = this.#cut + this.#cutting.soundTarget(this.#segments) * clock.timescale;
      if (at < next) return boundaries;
      boundaries.push({ start: ticks(this.#cut), end: ticks(next), pictures: [] });
      this.#cut = next;
      this.#segments++;
    }
  }

  end(soundEnd: Ticks): Rest {
    return {
      boundaries: [],
      rest: soundEnd > this.#cut ? { start: ticks(this.#cut), end: soundEnd, pictures: [] } : null,
    };
  }
}
