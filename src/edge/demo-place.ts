import { memorySource } from '../core/bytes.ts';
import type { Source } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import type { Assets } from './platform.ts';
import type { Place, RequestScope } from './request-scope.ts';

/** The demo film, deployed beside the worker: a megabyte, which is read whole once. */
export function demoPlace(assets: Assets): Place {
  let film: Source | null = null;
  return {
    get size() {
      return film?.size ?? null;
    },
    open: (scope) => ({
      get size() {
        return film?.size ?? null;
      },
      async *read(range, signal) {
        film ??= memorySource(await load(assets, scope, signal));
        yield* film.read(range, signal);
      },
    }),
  };
}

async function load(assets: Assets, scope: RequestScope, signal: AbortSignal): Promise<Uint8Array> {
  const release = await scope.subrequests.take(signal);
  try {
    const answer = await assets.fetch('https://assets.invalid/demo/demo.mkv');
    if (!answer.ok) throw new MediaError('not-found', 'The demo was not deployed with this worker');
    return new Uint8Array(await answer.arrayBuffer());
  } finally {
    release();
  }
}
