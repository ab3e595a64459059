import { LRUCache } from 'lru-cache';
import { MediaError } from '../core/errors.ts';
import type { Relay, RelayAsking, RelayedAnswer, RelayRequest } from '../core/relay.ts';

/** A relay whose whole bodies are fetched once for all who ask for them at about the same time. */
export interface SharedRelay extends Relay {
  /** Fetches these in the background when all of `first` has come, one after the other, where there is room for them. */
  ahead(first: RelayRequest, requests: readonly RelayRequest[]): void;
  /** It is another body from now on. */
  forget(request: RelayRequest): void;
  /** Ends what is under way and forgets the rest. */
  close(): void;
}

export interface SharedBodiesOptions {
  /** Bytes of all bodies that are kept or arriving. */
  readonly maxBytes: number;
  /** Milliseconds that a body is kept: viewers of one channel are a few segments apart. */
  readonly maxAge: number;
}

/** A body larger than this is no segment: 10 s at 25 Mbit/s. */
const MAX_BODY = 32 * 1024 * 1024;
/** What a body is taken for while nobody knows its length: 6 s at 3 Mbit/s. */
const USUAL_BODY = 2 * 1024 * 1024;

/**
 * Bodies that were asked for whole are shared: who comes while one is arriving reads along, who comes later gets it from
 * memory for a while. What is too long is not kept, and what finds no room goes by itself.
 */
export function withSharedBodies(relay: Relay, { maxBytes, maxAge }: SharedBodiesOptions): SharedRelay {
  const kept = new LRUCache<string, SharedBody>({
    maxSize: maxBytes,
    ttl: maxAge,
    sizeCalculation: (body) => Math.max(1, body.bytes),
  });
  const arriving = new Map<string, SharedBody>();
  /** All that hold bytes for somebody, kept or not. */
  const held = new Set<SharedBody>();
  const heldBytes = () => [...held].reduce((sum, body) => sum + body.promised, 0);
  const room: Room = {
    isFull: () => heldBytes() > maxBytes + MAX_BODY,
    leave: (body) => void held.delete(body),
  };

  function fetchBody(request: RelayRequest, key: string): SharedBody {
    const body = new SharedBody(relay, request, room);
    arriving.set(key, body);
    held.add(body);
    void body.whole.then((isWhole) => {
      // It may have been forgotten meanwhile.
      if (arriving.get(key) !== body) return;
      arriving.delete(key);
      if (isWhole && body.mayBeKept) kept.set(key, body);
    });
    return body;
  }

  const hasRoom = () => heldBytes() < maxBytes;

  async function fetchAhead(first: RelayRequest, requests: readonly RelayRequest[]): Promise<void> {
    const before = arriving.get(keyOf(first));
    if (before && !(await before.whole)) return;
    for (const request of requests) {
      const key = keyOf(request);
      if (kept.has(key)) continue;
      if (!arriving.has(key) && !hasRoom()) return;
      const body = arriving.get(key) ?? fetchBody(request, key);
      body.want();
      if (!(await body.whole)) return;
    }
  }

  return {
    async relay(request, asking, signal) {
      if (!isWhole(asking)) return relay.relay(request, asking, signal);
      const key = keyOf(request);
      const known = kept.get(key) ?? arriving.get(key) ?? (hasRoom() ? fetchBody(request, key) : null);
      return (await known?.reader(signal)) ?? relay.relay(request, asking, signal);
    },
    ahead(first, requests) {
      void fetchAhead(first, requests);
    },
    forget(request) {
      for (const key of [keyOf(request), keyOf({ ...request, reach: 'open' })]) {
        kept.delete(key);
        arriving.delete(key);
      }
    },
    close() {
      for (const body of arriving.values()) body.end();
      kept.clear();
    },
  };
}

/** What all bodies share. */
interface Room {
  /** More is held than should be: what arrives is held no longer than it takes to pass it on. */
  isFull(): boolean;
  /** Nobody reads it, and nothing comes any more. */
  leave(body: SharedBody): void;
}

const isWhole = ({ method, range, conditions }: RelayAsking): boolean =>
  method === 'get' && range === null && Object.keys(conditions).length === 0;

const keyOf = ({ url, headers, reach }: RelayRequest): string => JSON.stringify([url, headers, reach]);

const WHOLE: RelayAsking = { method: 'get', range: null, conditions: {} };

/** Chunks of a long body that are held: 64 KiB each, as sockets give them. */
const MAX_BEHIND = 16;

interface Reader {
  /** Number of the chunk that it takes next. */
  at: number;
  /** Others went on without it. */
  isLeft: boolean;
}

/**
 * One body on its way to any number of readers. What says that it is too long to be kept is one reader's alone. What
 * turns out to be goes as fast as its readers take it; who of several cannot keep pace is left behind, so that nobody
 * waits for somebody else.
 */
class SharedBody {
  /** Whether all of it has come and is here; never rejects. */
  readonly whole: Promise<boolean>;
  readonly #controller = new AbortController();
  readonly #room: Room;
  readonly #opened: Promise<RelayedAnswer>;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<() => void>();
  #chunks: Uint8Array[] = [];
  /** Number of the first chunk that is still here. */
  #base = 0;
  #state: 'arriving' | 'ended' | 'failed' = 'arriving';
  #error: unknown = null;
  #isWanted = false;
  #isLong = false;
  #length = USUAL_BODY;
  /** Whether it is the same for who comes later. */
  mayBeKept = false;
  bytes = 0;

  constructor(relay: Relay, request: RelayRequest, room: Room) {
    this.#room = room;
    this.#opened = relay.relay(request, WHOLE, this.#controller.signal);
    this.whole = this.#gather();
  }

  /** Bytes that it has or will have here. */
  get promised(): number {
    if (this.#isLong) return this.#chunks.reduce((sum, { length }) => sum + length, 0);
    return this.#state === 'arriving' ? Math.max(this.bytes, this.#length) : this.bytes;
  }

  /** It goes on without a reader. */
  want(): void {
    this.#isWanted = true;
  }

  end(): void {
    this.#controller.abort(new MediaError('upstream', 'Nobody reads it any more'));
  }

  /** Null where its beginning is gone, or it is another's alone. @throws MediaError as the relay does */
  async reader(signal: AbortSignal): Promise<RelayedAnswer | null> {
    if (this.#isLong || this.#controller.signal.aborted) return null;
    const reader: Reader = { at: 0, isLeft: false };
    this.#readers.add(reader);
    const leave = () => {
      signal.removeEventListener('abort', leave);
      this.#leave(reader);
    };
    signal.addEventListener('abort', leave);
    try {
      const answer = await this.#opened;
      signal.throwIfAborted();
      if (this.#isLong && [...this.#readers][0] !== reader) {
        leave();
        return null;
      }
      return { ...answer, next: () => this.#next(reader, { signal, leave }), close: leave };
    } catch (error) {
      leave();
      signal.throwIfAborted();
      throw error;
    }
  }

  async #next(
    reader: Reader,
    { signal, leave }: { readonly signal: AbortSignal; readonly leave: () => void },
  ): Promise<Uint8Array | null> {
    const isBehind = () => reader.at < this.#base + this.#chunks.length;
    while (!isBehind() && !reader.isLeft && this.#state === 'arriving' && !signal.aborted)
      await this.#change(signal);
    signal.throwIfAborted();
    if (reader.isLeft) throw new MediaError('busy', 'Others that watch the same went on');
    const chunk = this.#chunks[reader.at - this.#base];
    if (chunk) {
      reader.at++;
      if (this.#isLong) this.#wake();
      return chunk;
    }
    leave();
    if (this.#state === 'failed') throw this.#error;
    return null;
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#wake();
    if (this.#readers.size > 0) return;
    if (this.#state !== 'arriving') this.#room.leave(this);
    else if (!this.#isWanted || this.#isLong) this.end();
  }

  async #gather(): Promise<boolean> {
    try {
      const answer = await this.#opened;
      const { length } = answer;
      this.#length = length ?? USUAL_BODY;
      this.#isLong = this.#length > MAX_BODY;
      this.mayBeKept = length !== null && !/no-store/i.test(answer.header('cache-control') ?? '');
      for (let chunk = await answer.next(); chunk; chunk = await answer.next()) {
        this.#chunks.push(chunk);
        this.bytes += chunk.length;
        this.#isLong ||= this.bytes > MAX_BODY || this.#room.isFull();
        this.#wake();
        if (this.#isLong) await this.#passOn();
      }
      this.#state = 'ended';
      return !this.#isLong;
    } catch (error) {
      this.#state = 'failed';
      this.#error = error;
      return false;
    } finally {
      if (this.#readers.size === 0) this.#room.leave(this);
      this.#wake();
    }
  }

  /** Waits until few enough chunks are left that somebody has still to take. */
  async #passOn(): Promise<void> {
    const { signal } = this.#controller;
    for (;;) {
      if (this.#readers.size === 0) this.end();
      signal.throwIfAborted();
      this.#dropTaken();
      if (this.#chunks.length <= MAX_BEHIND) return;
      if (!this.#leaveSlowest()) await this.#change(signal);
    }
  }

  #dropTaken(): void {
    const taken = Math.min(...[...this.#readers].map(({ at }) => at)) - this.#base;
    if (taken <= 0) return;
    this.#chunks = this.#chunks.slice(taken);
    this.#base += taken;
  }

  /** Where one reader has taken all there is, those that are farthest behind are no longer waited for. */
  #leaveSlowest(): boolean {
    const readers = [...this.#readers];
    const isWaitedFor = readers.some(({ at }) => at >= this.#base + this.#chunks.length);
    if (!isWaitedFor) return false;
    for (const reader of readers.filter(({ at }) => at === this.#base)) {
      reader.isLeft = true;
      this.#readers.delete(reader);
    }
    this.#wake();
    return true;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next change, and when the signal aborts. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }
}
