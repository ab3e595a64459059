import type { Reach } from './core/relay.ts';
import type { OpenedSource } from './pipeline/library.ts';
import type { MediaRequest } from './proxy/token.ts';
import type { PlanBytes } from './shared-cache/plan-bytes.ts';
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
  /** What other machines read to plan a title; absent where nothing is shared. */
  readonly plans?: PlanBytes | null;
  /** Served folders by name. */
  readonly roots: ReadonlyMap<string, string>;
  /** Path of an upload. @throws MediaError `not-found` */
  readonly upload: (id: string) => Promise<string>;
}

/** How far a source may reach. */
interface Limits {
  readonly reach?: Reach;
}

/** The source that `d=` names: `root:<name>/<path>`, `upload:<id>`, or an http(s) URL. Nothing is sent yet. */
export async function openSource(
  request: MediaRequest,
  places: Places,
  limits: Limits = {},
): Promise<OpenedSource> {
  const { roots, upload } = places;
  const [scheme, rest] = cutAt(request.url, ':');
  if (scheme === 'root') return fileSource(await resolveRoot(roots, ...cutAt(rest, '/')));
  if (scheme === 'upload') return fileSource(await upload(rest));
  return remoteSource(request, places, limits);
}

async function remoteSource(request: MediaRequest, places: Places, limits: Limits): Promise<OpenedSource> {
  const { client, cache, ranges, plans } = places;
  const upstream = (await client()).source({ ...request, ...limits });
  const access = () => upstream.access ?? 'private';
  let wanted = 0;
  const source = ranges.wrap(upstream, () => wanted);
  const shared = plans?.wrap(textOf(request), {
    source,
    validator: () => (upstream.answersRanges ? upstream.validator : null),
    isOpenToAll: () => access() === 'public' || access() === 'named',
  });
  return {
    source: cache.wrap(shared?.source ?? source),
    sequence: upstream,
    access,
    // Known once the title is planned.
    want(bytesPerSecond) {
      wanted = bytesPerSecond;
      shared?.planned();
    },
    isCurrent: async () => true,
  };
}

/** What decides which bytes a plan is made from; the same for the same request, in whatever order it was written. */
function textOf({ url, headers, video, audio, recovery, program }: MediaRequest): string {
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([url, sorted, video, audio, recovery, program]);
}

/** The system keeps what was read of its files: nothing else does. */
function fileSource(path: string): OpenedSource {
  const file = localFileSource(path);
  return {
    source: file,
    sequence: null,
    access: () => 'local',
    want: () => undefined,
    isCurrent: () => file.isCurrent(),
    modified: () => file.modified,
  };
}

/** What stands before the first `mark`, and behind it. */
function cutAt(text: string, mark: string): [before: string, behind: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
