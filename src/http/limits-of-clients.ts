import { LRUCache } from 'lru-cache';

/** Clients that are remembered: those who have not asked for the longest time are forgotten, and begin anew. */
const MAX_CLIENTS = 10_000;
/** Seconds' worth of requests that may come at once: a page of many films, or a seek. */
const BURST_SECONDS = 10;

export interface ClientLimitRules {
  /** Requests a second in the long run; 0: as many as they like. */
  readonly rate: number;
  /** Requests at a time that may read from upstreams; 0: as many as they like. */
  readonly upstreams: number;
  /** Milliseconds, of a clock that only goes forward. */
  readonly now: () => number;
}

/** What one client may have. */
export interface ClientLimits {
  /** Counts a request. Gives the seconds to wait before it is allowed; 0 when it is. */
  ask(client: string): number;
  /** Counts a request that reads from upstreams, until what is given is called; null when there are enough. */
  enter(client: string): (() => void) | null;
}

interface Bucket {
  tokens: number;
  /** When it was filled up to that. */
  at: number;
}

export function createClientLimits({ rate, upstreams, now }: ClientLimitRules): ClientLimits {
  const full = rate * BURST_SECONDS;
  const buckets = new LRUCache<string, Bucket>({ max: MAX_CLIENTS });
  /** Only of clients with requests under way: no more than there are connections. */
  const underWay = new Map<string, number>();
  const leave = (client: string) => {
    const count = (underWay.get(client) ?? 1) - 1;
    if (count > 0) underWay.set(client, count);
    else underWay.delete(client);
  };
  return {
    ask(client) {
      if (rate === 0) return 0;
      const at = now();
      const { tokens, at: before } = buckets.get(client) ?? { tokens: full, at };
      const filled = Math.min(full, tokens + ((at - before) / 1000) * rate);
      buckets.set(client, { tokens: filled >= 1 ? filled - 1 : filled, at });
      return filled >= 1 ? 0 : (1 - filled) / rate;
    },
    enter(client) {
      const count = underWay.get(client) ?? 0;
      if (upstreams > 0 && count >= upstreams) return null;
      underWay.set(client, count + 1);
      let isIn = true;
      return () => {
        if (isIn) leave(client);
        isIn = false;
      };
    },
  };
}
