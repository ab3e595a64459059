import type { LRUCache } from 'lru-cache';
import type { Source } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import type { Access, AddressPolicy } from '../sources/address-policy.ts';
import { fetchTransport } from '../sources/fetch-transport.ts';
import { type HttpMemory, type HttpRequest, httpClient, httpMemory } from '../sources/http-client.ts';
import { HTTP_TIMEOUTS, type HttpAnswer, type HttpTransport } from '../sources/http-transport.ts';
import { WholeBodies } from '../sources/http-whole.ts';
import { type BlockStore, withBlocks } from './block-cache.ts';
import { blockStore } from './block-store.ts';
import type { EdgeCache } from './platform.ts';
import type { Place, RequestScope } from './request-scope.ts';
import type { Release, Subrequests } from './subrequests.ts';

export interface HttpPlace extends Place {
  access(): Access | null;
}

export interface HttpPlaceOptions {
  readonly policy: AddressPolicy;
  readonly memory: LRUCache<string, Uint8Array>;
  readonly cache: EdgeCache | null;
  /** Goes into the names of blocks, so that nobody else can tell them. */
  readonly secret: string;
}

/** What an isolate has room for, as the servers without ranges are few. */
const WHOLE_BODIES = { all: 16 * 2 ** 20, each: 16 * 2 ** 20 };

/** A resource on HTTP. @throws MediaError `bad-request` for a URL or header that cannot be sent */
export function httpPlace(request: HttpRequest, options: HttpPlaceOptions): HttpPlace {
  const memory = httpMemory(request);
  let name: string | null = null;
  const nameNow = async () => {
    name ??= isKnown(memory) ? await resourceName(request, memory, options.secret) : null;
    return name;
  };
  return {
    get size() {
      return memory.identity.size;
    },
    access: () => memory.place.access,
    open: (scope) => {
      const upstream = upstreamOf(request, memory, { scope, policy: options.policy });
      let store: BlockStore | null = null;
      return withBlocks(upstream, {
        later: (what, work) => scope.later(what, work),
        store: async () => {
          const resource = store ? null : await nameNow();
          const { size } = memory.identity;
          if (resource !== null && size !== null)
            store = blockStore({ ...options, memory: options.memory, scope, resource, size });
          return store;
        },
      });
    },
  };
}

interface UpstreamParts {
  readonly scope: RequestScope;
  readonly policy: AddressPolicy;
}

function upstreamOf(request: HttpRequest, memory: HttpMemory, { scope, policy }: UpstreamParts): Source {
  const timeouts = HTTP_TIMEOUTS;
  const transport = counted(fetchTransport({ policy, timeouts }), scope.subrequests);
  return httpClient({ transport, timeouts, bodies: new WholeBodies(WHOLE_BODIES) }).source(request, memory);
}

/** Every request takes its turn, and holds its connection until its body has ended. */
const counted = (transport: HttpTransport, subrequests: Subrequests): HttpTransport => ({
  async get(address, headers, signal) {
    const release = await subrequests.take(signal);
    try {
      return releasing(await transport.get(address, headers, signal), release);
    } catch (error) {
      release();
      throw error;
    }
  },
  close: () => transport.close(),
});

const releasing = (answer: HttpAnswer, release: Release): HttpAnswer => ({
  ...answer,
  async next() {
    try {
      const chunk = await answer.next();
      if (chunk === null) release();
      return chunk;
    } catch (error) {
      release();
      throw error;
    }
  },
  close() {
    answer.close();
    release();
  },
});

/** Enough is known to tell it from another version of it. */
const isKnown = ({ identity: { size, head } }: HttpMemory): boolean =>
  size !== null && head.length >= Math.min(size, LIMITS.identityHead);

async function resourceName(
  { url, headers }: HttpRequest,
  { identity }: HttpMemory,
  secret: string,
): Promise<string> {
  const facts = JSON.stringify([secret, url, headers, identity.size, identity.etag]);
  const hash = new Uint8Array(
    await crypto.subtle.digest('SHA-256', await new Blob([facts, identity.head.slice()]).arrayBuffer()),
  );
  return [...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
