import { ByteCursor, ByteQueue } from '../../src/core/bytes.ts';
import type { ByteRange, Sample, SampleBatch, SampleHead } from '../../src/core/contracts.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type BlockBytes, type BlockContext, parseBlockGroup, parseSimpleBlock, peekBlock } from './block.ts';
import { type ElementHead, findId, MAX_HEAD_SIZE, readElementHead } from './ebml.ts';
import { ELEMENTS, elementName, TOP_LEVEL } from './elements.ts';

/** Bytes of a block's beginning that tell track, stamp, key flag and the first NAL unit headers. */
const PEEK = 4096;

/** The highest ID of four bytes. */
const LONGEST_ID = 0x1fffffff;

interface OpenCluster {
  readonly position: number;
  /** File offset behind it; Infinity for an unknown size. */
  readonly end: number;
  /** In units of TimestampScale; null until its Timestamp was met. */
  time: number | null;
}

/**
 * Reads clusters from bytes as they arrive, beginning at any child of Segment. Holds no payload but the block that
 * is under way. What makes no sense is passed over up to the next Cluster, and counted.
 */
export class ClusterReader {
  readonly #context: BlockContext;
  #queue: ByteQueue;
  #cluster: OpenCluster | null = null;
  #toSkip = 0;
  #isLost = false;
  #isEnded = false;
  #skipped = 0;

  constructor(position: number, context: BlockContext) {
    this.#context = context;
    this.#queue = new ByteQueue(position);
  }

  /** True once another document was met behind this one: nothing more comes. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** File offset of the next byte that is of use: beyond what was pushed while payload is passed over. */
  get wanted(): number {
    return this.#queue.position + (this.#toSkip > 0 ? this.#toSkip : this.#queue.length);
  }

  /** Goes on at `wanted` instead of at the byte behind the last one pushed. */
  jump(): void {
    this.#queue = new ByteQueue(this.wanted);
    this.#toSkip = 0;
  }

  /** Takes the next bytes and gives what they completed. */
  push(chunk: Uint8Array): SampleBatch {
    if (this.#isEnded) return { samples: [], next: null, skipped: 0 };
    this.#queue.push(chunk);
    this.#skipped = 0;
    const samples: Sample[] = [];
    let next: SampleHead | null = null;
    for (;;) {
      const step = this.#step(samples);
      if (step === 'more') continue;
      next = step;
      break;
    }
    return { samples, next, skipped: this.#skipped };
  }

  /** One element: 'more' when it was consumed, else the head of the block that waits for bytes, or null. */
  #step(samples: Sample[]): 'more' | SampleHead | null {
    if (this.#toSkip > 0) {
      const count = Math.min(this.#toSkip, this.#queue.length);
      this.#queue.skip(count);
      this.#toSkip -= count;
      if (this.#toSkip > 0) return null;
    }
    if (this.#isLost) return this.#findCluster() ? 'more' : null;
    try {
      return this.#readElement(samples);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#lose();
      return 'more';
    }
  }

  #readElement(samples: Sample[]): 'more' | SampleHead | null {
    const position = this.#queue.position;
    if (this.#cluster && position >= this.#cluster.end) this.#cluster = null;
    this.#queue.gather(MAX_HEAD_SIZE);
    const { bytes, at } = this.#queue;
    const head = readElementHead(bytes, position, this.#context.maxIdLength, at);
    if (!head) return null;
    if (head.id === ELEMENTS.EBML || head.id === ELEMENTS.Segment) return this.#end();
    // Ends a Cluster of unknown size, and one whose damaged size would swallow those behind it.
    if (this.#cluster && TOP_LEVEL.has(head.id)) this.#cluster = null;
    if (!this.#cluster) return this.#readTopLevel(head);
    if (head.size === null) throw corrupt(`${elementName(head.id)} of unknown size in a Cluster`, position);
    if (position + head.headSize + head.size > this.#cluster.end)
      throw corrupt(`${elementName(head.id)} reaches beyond its Cluster`, position);
    if (head.id === ELEMENTS.SimpleBlock || head.id === ELEMENTS.BlockGroup)
      return this.#readBlock(head, head.size, samples);
    if (head.id === ELEMENTS.Timestamp) return this.#readTimestamp(head, head.size);
    this.#passOver(head.headSize + head.size);
    return 'more';
  }

  #readTopLevel(head: ElementHead): 'more' {
    const position = this.#queue.position;
    if (head.id === ELEMENTS.Cluster) {
      const start = position + head.headSize;
      this.#cluster = {
        position,
        end: head.size === null ? Number.POSITIVE_INFINITY : start + head.size,
        time: null,
      };
      this.#queue.skip(head.headSize);
      return 'more';
    }
    if (head.size === null) throw corrupt(`${elementName(head.id)} of unknown size`, position);
    if (!this.#isAllowedAtTop(head.id)) throw corrupt(`${elementName(head.id)} between Clusters`, position);
    this.#passOver(head.headSize + head.size);
    return 'more';
  }

  /** IDs that only a file of another kind of EBML can have are passed over where it declares them. */
  #isAllowedAtTop(id: number): boolean {
    return TOP_LEVEL.has(id) || id === ELEMENTS.Void || id === ELEMENTS['CRC-32'] || id > LONGEST_ID;
  }

  /** Another document begins: this one is over (RFC 8794, 11.1). */
  #end(): null {
    this.#cluster = null;
    this.#isEnded = true;
    this.#queue.skip(this.#queue.length);
    return null;
  }

  #readTimestamp(head: ElementHead, size: number): 'more' | null {
    if (size > 8) throw corrupt(`Timestamp of ${size} bytes`, this.#queue.position);
    if (this.#queue.length < head.headSize + size) return null;
    const cursor = new ByteCursor(this.#queue.peek(head.headSize + size), this.#queue.position);
    cursor.skip(head.headSize);
    const time = cursor.uint(size);
    if (!Number.isSafeInteger(time * this.#context.timestampScale))
      throw corrupt(`Cluster at ${time} · ${this.#context.timestampScale} ns`, this.#queue.position);
    if (this.#cluster) this.#cluster.time = time;
    this.#queue.skip(head.headSize + size);
    return 'more';
  }

  #readBlock(head: ElementHead, size: number, samples: Sample[]): 'more' | SampleHead | null {
    const position = this.#queue.position;
    if (size > LIMITS.block) throw corrupt(`Block of ${size} bytes`, position);
    const cluster = this.#cluster;
    const clusterTime = cluster?.time ?? null;
    if (!cluster || clusterTime === null)
      throw corrupt('Block before the Timestamp of its Cluster', position);
    const whole = head.headSize + size;
    const block: BlockBytes = {
      id: head.id,
      position,
      contentPosition: position + head.headSize,
      entry: cluster.position,
      clusterTime,
    };
    if (this.#queue.near < whole) {
      const peeked = this.#peek(block, whole);
      if (peeked && !peeked.isKnown) {
        this.#passOver(whole);
        return 'more';
      }
      if (this.#queue.length < whole) return peeked?.head ?? null;
      this.#queue.gather(whole);
    }
    this.#parse(block, { start: head.headSize, end: whole }, samples);
    this.#queue.skip(whole);
    return 'more';
  }

  /** A block of which all bytes lie at the front of the queue. */
  #parse(block: BlockBytes, { start, end }: ByteRange, samples: Sample[]): void {
    const { bytes, at } = this.#queue;
    const content = { bytes, start: at + start, end: at + end };
    const parse = block.id === ELEMENTS.SimpleBlock ? parseSimpleBlock : parseBlockGroup;
    try {
      const found = parse(block, content, this.#context);
      for (const sample of found.samples) samples.push(sample);
      this.#skipped += found.damaged;
    } catch (error) {
      // A block that is broken inside its own bounds costs itself, not the cluster.
      if (!(error instanceof MediaError)) throw error;
      this.#skipped += end;
    }
  }

  /** What a block's beginning tells; nothing when it is broken, which is judged when all of it is there. */
  #peek(block: BlockBytes, whole: number): ReturnType<typeof peekBlock> {
    try {
      const content = this.#queue
        .peek(Math.min(whole, PEEK))
        .subarray(block.contentPosition - block.position);
      return peekBlock(block, content, this.#context);
    } catch (error) {
      if (error instanceof MediaError) return null;
      throw error;
    }
  }

  #passOver(size: number): void {
    this.#toSkip = size;
  }

  /** Damage: looks for the next Cluster from the byte after this one on. */
  #lose(): void {
    this.#cluster = null;
    this.#isLost = true;
    this.#queue.skip(1);
    this.#skipped += 1;
  }

  /** True when the queue now begins with a Cluster ID. */
  #findCluster(): boolean {
    const bytes = this.#queue.peek(this.#queue.length);
    const at = findClusterId(bytes, 0);
    const passed = at ?? Math.max(0, bytes.length - 3);
    this.#queue.skip(passed);
    this.#skipped += passed;
    this.#isLost = at === null;
    return at !== null;
  }
}

/** Index of the next Cluster ID at or after `from`; null if there is none. */
export const findClusterId = (bytes: Uint8Array, from: number): number | null =>
  findId(bytes, ELEMENTS.Cluster, from);
