import type { Sample } from '../../core/contracts.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { PlannedAudio } from '../title.ts';
import type { Boundary, Rest } from './picture-queue.ts';
import { targetOf } from './targets.ts';

/** Sound without pictures is cut at the targets themselves. */
export class SoundCuts {
  readonly #audio: PlannedAudio | undefined;
  /** No pictures wait here. */
  readonly bytes = 0;
  #cut = 0;
  #segments = 0;

  constructor(audio: PlannedAudio | undefined) {
    this.#audio = audio;
  }

  push({ time }: Sample): Boundary[] {
    if (!this.#audio) return [];
    const { clock } = this.#audio;
    const boundaries: Boundary[] = [];
    const at = clock.ticksAt(time);
    for (;;) {
      const next = this.#cut + targetOf(this.#segments) * clock.timescale;
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
