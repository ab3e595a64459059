import { LIMITS } from '../../src/core/limits.ts';
import { type OggPacket, PacketJoiner } from './packet-joiner.ts';
import type { Page } from './page.ts';
import type { SoundFormat, SoundMapping } from './sound-format.ts';

/** Gathers the headers of a logical stream of sound. */
export class StreamHeaders {
  readonly mapping: SoundMapping;
  readonly #joiner = new PacketJoiner(LIMITS.metadata);
  readonly #headers: Uint8Array[] = [];
  #bytes = 0;
  #soundAt: number | null = null;
  #isComplete = false;

  constructor(mapping: SoundMapping) {
    this.mapping = mapping;
  }

  /** No header follows. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The page on which the first packet behind the headers begins; null before that was met. */
  get soundAt(): number | null {
    return this.#soundAt;
  }

  push(page: Page): void {
    for (const packet of this.#joiner.push(page).packets) this.#take(packet);
    if (this.#isComplete) this.#soundAt ??= this.#joiner.open;
  }

  /** @throws MediaError `corrupt`, `truncated`, `unsupported` */
  parse(): SoundFormat {
    return this.mapping.parse(this.#headers);
  }

  #take({ data, position }: OggPacket): void {
    if (this.#headers.length > 0 && !this.mapping.isHeader(data)) {
      this.#isComplete = true;
      this.#soundAt ??= position;
    } else if (!this.#isComplete) {
      const isKept = this.#bytes + data.length <= LIMITS.metadata && this.#headers.length < LIMITS.listed;
      if (isKept) this.#headers.push(data);
      this.#bytes += isKept ? data.length : 0;
      this.#isComplete = this.mapping.isComplete(this.#headers);
    }
  }
}
