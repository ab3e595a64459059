import type { TimedPacket } from '../../core/contracts.ts';
import { rescaleUp } from '../../core/time.ts';
import { segmentCount, type Title } from '../title.ts';
import type { EncodedRendition } from '../transcoded/job.ts';
import { type EncodedContext, encodedPackets } from '../transcoded/segment.ts';
import { PacketQueue } from './packet-queue.ts';
import type { Place } from './place.ts';

/** The frames of a track that is encoded, made as far as they are asked for. */
export class EncodedLine {
  readonly queue = new PacketQueue();
  readonly timescale: number;
  readonly #origin: number;
  readonly #packets: AsyncGenerator<readonly TimedPacket[]>;
  #isOver = false;

  constructor(
    title: Title,
    rendition: EncodedRendition,
    { place, context }: { readonly place: Place; readonly context: EncodedContext },
  ) {
    this.timescale = rendition.timescale;
    this.#origin = rescaleUp(place.origin, title.timeline.timescale, this.timescale);
    this.#packets = segments(title, rendition, { n: place.n, context });
  }

  /** Waits for all frames that begin before `time`: samples. @throws MediaError of the source and the transcoder */
  async fillTo(time: number): Promise<void> {
    while (!this.#isOver && this.queue.reached < time) {
      const next = await this.#packets.next();
      if (next.done) this.#isOver = true;
      else this.queue.add(next.value.filter(({ dts }) => dts >= this.#origin));
    }
  }

  async close(): Promise<void> {
    await this.#packets.return(undefined);
  }
}

async function* segments(
  title: Title,
  rendition: EncodedRendition,
  { n, context }: { readonly n: number; readonly context: EncodedContext },
): AsyncGenerator<readonly TimedPacket[]> {
  for (let at = n; at < segmentCount(title); at++)
    yield* encodedPackets(title, { rendition, n: at }, context);
}
