import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MediaError } from '../core/errors.ts';

/** A programme as its guide has it. */
export interface GuideProgramme {
  /** As they are written. */
  readonly start: string;
  readonly stop: string | null;
  /** Other attributes, as XML, with a space before each. */
  readonly attributes: string;
  /** What stands in the element, well-formed. */
  readonly content: string;
}

/** Bytes of programmes that are kept, packed: ten weeks of a thousand channels. */
const MAX_PACKED = 96 * 1024 * 1024;
/** Characters of one channel that are packed at a time, and of all that may wait for it. */
const PIECE = 16 * 1024;
const MAX_WAITING = 4 * 1024 * 1024;

/** Programmes by their channel, packed: a week of five hundred channels has 60 MB of XML. */
export class ProgrammeStore {
  readonly #channels = new Map<string, { readonly packed: Uint8Array[]; waiting: string }>();
  #waiting = 0;
  #packed = 0;

  /** @throws MediaError `limit` for more than is kept */
  add(channel: string, { start, stop, attributes, content }: GuideProgramme): void {
    const line = `${JSON.stringify([start, stop, attributes, content])}\n`;
    const kept = this.#channels.get(channel) ?? { packed: [], waiting: '' };
    this.#channels.set(channel, kept);
    kept.waiting += line;
    this.#waiting += line.length;
    if (kept.waiting.length >= PIECE) this.#pack(kept);
    if (this.#waiting > MAX_WAITING) this.pack();
  }

  /** Packs all that waits. */
  pack(): void {
    for (const kept of this.#channels.values()) if (kept.waiting !== '') this.#pack(kept);
  }

  has(channel: string): boolean {
    return this.#channels.has(channel);
  }

  get isEmpty(): boolean {
    return this.#channels.size === 0;
  }

  /** In the order in which they came. */
  *of(channel: string): Generator<GuideProgramme> {
    const { packed = [], waiting = '' } = this.#channels.get(channel) ?? {};
    for (const piece of packed) yield* readLines(inflateRawSync(piece).toString());
    yield* readLines(waiting);
  }

  #pack(kept: { readonly packed: Uint8Array[]; waiting: string }): void {
    // A copy: what zlib gives lies in 16 kB of its own, whatever its length.
    const piece = new Uint8Array(deflateRawSync(kept.waiting, { level: 3 }));
    this.#waiting -= kept.waiting.length;
    kept.waiting = '';
    kept.packed.push(piece);
    this.#packed += piece.length;
    if (this.#packed > MAX_PACKED) throw new MediaError('limit', 'A guide has more programmes than are kept');
  }
}

function* readLines(text: string): Generator<GuideProgramme> {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [start, stop, attributes, content] = JSON.parse(line) as [string, string | null, string, string];
    yield { start, stop, attributes, content };
  }
}
