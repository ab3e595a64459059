import type { OpenedSource } from './pipeline/library.ts';
import type { MediaRequest } from './proxy/token.ts';
import type { HttpClient } from './sources/http.ts';
import { localFileSource } from './sources/local-file.ts';
import type { ParallelRanges } from './sources/parallel-ranges.ts';
import { resolveRoot } from './sources/roots.ts';
import type { SparseCache } from './sources/sparse-cache.ts';

/** Where media can lie. */
export interface Places {
  readonly client: () => Promise<HttpClient>;
  readonly cache: SparseCache;
  readonly ranges: ParallelRanges;
  /** Served folders by name. */
  readonly roots: ReadonlyMap<string, string>;
  /** Path of an upload. @throws MediaError `not-found` */
  readonly upload: (id: string) => Promise<string>;
}

/** The source that `d=` names: `root:<name>/<path>`, `upload:<id>`, or an http(s) URL. Nothing is sent yet. */
export async function openSource(request: MediaRequest, places: Places): Promise<OpenedSource> {
  const { client, cache, ranges, roots, upload } = places;
  const [scheme, rest] = cutAt(request.url, ':');
  if (scheme === 'root') return fileSource(await resolveRoot(roots, ...cutAt(rest, '/')), cache);
  if (scheme === 'upload') return fileSource(await upload(rest), cache);
  const upstream = (await client()).source(request);
  let wanted = 0;
  return {
    source: cache.wrap(ranges.wrap(upstream, () => wanted)),
    sequence: upstream,
    access: () => upstream.access ?? 'private',
    want: (bytesPerSecond) => {
      wanted = bytesPerSecond;
    },
    isCurrent: async () => true,
  };
}

function fileSource(path: string, cache: SparseCache): OpenedSource {
  const file = localFileSource(path);
  return {
    source: cache.wrap(file),
    sequence: null,
    access: () => 'local',
    want: () => undefined,
    isCurrent: () => file.isCurrent(),
  };
}

/** What stands before the first `mark`, and behind it. */
function cutAt(text: string, mark: string): [before: string, behind: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
