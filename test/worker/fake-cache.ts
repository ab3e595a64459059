import type { EdgeCache } from '../../src/edge/platform.ts';

/** The Cache API as far as it is used, in memory. */
export function fakeCache() {
  const held = new Map<string, { readonly body: ArrayBuffer; readonly headers: Headers }>();
  let calls = 0;
  const cache = {
    match: async (url: string) => {
      calls++;
      const found = held.get(url);
      return found && new Response(found.body, { headers: found.headers });
    },
    put: async (url: string, response: Response) => {
      calls++;
      held.set(url, { body: await response.arrayBuffer(), headers: response.headers });
    },
  } as unknown as EdgeCache;
  return { cache, held, calls: () => calls };
}
