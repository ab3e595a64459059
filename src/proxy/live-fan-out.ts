import { MediaError } from '../core/errors.ts';
import type { Relay, RelayAsking, RelayedAnswer, RelayRequest } from '../core/relay.ts';

/** Passes channels on: however many watch one, its server is asked once. */
export interface LiveFanOut {
  /**
   * What comes of the channel from about now on.
   * @throws MediaError as the relay does
   */
  open(request: RelayRequest, signal: AbortSignal): Promise<RelayedAnswer>;
  /** Ends all of them. */
  close(): void;
}

/** Bytes of a channel that who comes in gets at once: a second at 8 Mbit/s, in which a player finds its tables and a picture. */
const BEGINNING = 1024 * 1024;
/** Bytes that one viewer may be behind: four seconds at 16 Mbit/s. */
const MAX_BEHIND = 8 * 1024 * 1024;
/** Milliseconds before a channel that broke off is asked for again; it is over when all of them were in vain. */
const AGAIN = [200, 500, 1000, 2000, 4000];

const WHOLE: RelayAsking = { method: 'get', range: null, conditions: {} };

export function createLiveFanOut(relay: Relay): LiveFanOut {
  const channels = new Map<string, LiveChannel>();
  return {
    async open(request, signal) {
      const key = JSON.stringify([request.url, request.headers, request.reach]);
      const known = channels.get(key);
      if (known && !known.isEnding) return known.watch(signal);
      const channel = new LiveChannel(relay, request);
      channels.set(key, channel);
      void channel.over.then(() => {
        if (channels.get(key) === channel) channels.delete(key);
      });
      return channel.watch(signal);
    },
    close() {
      for (const channel of channels.values()) channel.end();
    },
  };
}

interface Viewer {
  readonly queue: Uint8Array[];
  queued: number;
  wake: () => void;
}

/** One channel on its way to its viewers. */
class LiveChannel {
  /** When nothing more will come of it; never rejects. */
  readonly over: Promise<void>;
  readonly #relay: Relay;
  readonly #request: RelayRequest;
  readonly #controller = new AbortController();
  readonly #viewers = new Set<Viewer>();
  readonly #opened: Promise<RelayedAnswer>;
  readonly #recent: Uint8Array[] = [];
  #recentBytes = 0;
  #failure: unknown = null;
  /** Called when a viewer has taken something. */
  #taken: () => void = () => undefined;
  #isOver = false;

  constructor(relay: Relay, request: RelayRequest) {
    this.#relay = relay;
    this.#request = request;
    this.#opened = this.#ask();
    this.over = this.#pump();
  }

  /** Its last viewer has just left: who comes now needs another one. */
  get isEnding(): boolean {
    return this.#controller.signal.aborted;
  }

  end(): void {
    this.#controller.abort(new MediaError('upstream', 'Nobody watches it any more'));
  }

  async watch(signal: AbortSignal): Promise<RelayedAnswer> {
    const viewer: Viewer = { queue: [...this.#recent], queued: this.#recentBytes, wake: () => undefined };
    this.#viewers.add(viewer);
    const leave = () => {
      signal.removeEventListener('abort', leave);
      viewer.wake();
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.end();
    };
    signal.addEventListener('abort', leave);
    try {
      const answer = await this.#opened;
      signal.throwIfAborted();
      const body = { length: null, contentRange: null, next: () => this.#next(viewer, signal), close: leave };
      return { ...answer, ...body };
    } catch (error) {
      leave();
      signal.throwIfAborted();
      throw error;
    }
  }

  #ask(): Promise<RelayedAnswer> {
    return this.#relay.relay(this.#request, WHOLE, this.#controller.signal);
  }

  async #next(viewer: Viewer, signal: AbortSignal): Promise<Uint8Array | null> {
    for (;;) {
      signal.throwIfAborted();
      const chunk = viewer.queue.shift();
      if (chunk) {
        viewer.queued -= chunk.length;
        this.#taken();
        return chunk;
      }
      if (!this.#viewers.has(viewer)) throw new MediaError('busy', 'This viewer is too slow for the channel');
      if (this.#failure !== null) throw this.#failure;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => {
        viewer.wake = resolve;
      });
    }
  }

  async #pump(): Promise<void> {
    try {
      let answer = await this.#opened;
      for (let failures = 0; failures <= AGAIN.length; ) {
        const length = await this.#passOn(answer);
        if (length > 0) failures = 0;
        // What said how long it is was no channel, and is over.
        if (length === answer.length) break;
        const pause = AGAIN[failures++];
        if (pause === undefined)
          throw new MediaError('upstream', 'The channel broke off, and did not come again');
        await this.#pause(pause);
        answer = await this.#ask();
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isOver = true;
      for (const viewer of this.#viewers) viewer.wake();
    }
  }

  /** @returns bytes that came before it broke off */
  async #passOn(answer: RelayedAnswer): Promise<number> {
    let length = 0;
    try {
      for (let chunk = await answer.next(); chunk; chunk = await answer.next()) {
        length += chunk.length;
        this.#give(chunk);
        await this.#keepPace();
      }
    } catch (error) {
      if (!(error instanceof MediaError) || this.#controller.signal.aborted) throw error;
    } finally {
      answer.close();
    }
    return length;
  }

  #give(chunk: Uint8Array): void {
    this.#recent.push(chunk);
    this.#recentBytes += chunk.length;
    while (this.#recentBytes > BEGINNING && this.#recent.length > 1)
      this.#recentBytes -= this.#recent.shift()?.length ?? 0;
    for (const viewer of this.#viewers) {
      viewer.queue.push(chunk);
      viewer.queued += chunk.length;
      if (viewer.queued > MAX_BEHIND) this.#leaveBehind(viewer);
      viewer.wake();
    }
  }

  /** What comes faster than the fastest viewer takes it is no channel, or waits for a player that pauses. */
  async #keepPace(): Promise<void> {
    const { signal } = this.#controller;
    while (
      !signal.aborted &&
      [...this.#viewers].every(({ queued }) => queued > BEGINNING) &&
      this.#viewers.size > 0
    )
      await new Promise<void>((resolve) => {
        const go = () => {
          signal.removeEventListener('abort', go);
          resolve();
        };
        this.#taken = go;
        signal.addEventListener('abort', go);
        if (signal.aborted) go();
      });
  }

  /** Who does not keep up is told so, rather than shown something else than what is on. */
  #leaveBehind(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    viewer.queue.length = 0;
    viewer.queued = 0;
    if (this.#viewers.size === 0) this.end();
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#controller;
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
  }
}
