import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import {
  openSharedCache,
  type SharedCache,
  type SharedCacheOptions,
} from '../../src/shared-cache/shared-cache.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { masterPath, openTitle, type Playlists } from '../http/serve-app.ts';
import { createTranscoder } from '../pipeline/transcoded-film.ts';
import { digest, film } from './films.ts';
import { type Machine, type MachineOptions, SECRET, startMachine } from './machine.ts';

const MEGABYTE = 2 ** 20;

/** Hashes of what lies at an address, by its path: the same for all machines with one secret. */
export type Digests = ReadonlyMap<string, string>;

export interface Told {
  readonly message: string;
  readonly fields: object;
}

type SharingOptions = MachineOptions & Partial<SharedCacheOptions>;

/** Machines that share a cache, an upstream for them, and an end to all of it after each test. */
export interface Sharing {
  /** The folder that is shared unless something else is. */
  folder(): string;
  upstream(): Upstream;
  /** What the shared caches had to say. */
  readonly log: Told[];
  /** Serves the films under their names with this ETag. */
  serve(tag: string): void;
  path(name: string): string;
  share(more?: Partial<SharedCacheOptions>): Promise<SharedCache>;
  machine(options?: MachineOptions): Promise<Machine>;
  /** Ends together with the machines of the test, after them. */
  endLater<T extends { close(): Promise<void> }>(service: T): T;
  /** Waits until everything is where others find it. */
  stored(shared: SharedCache): Promise<void>;
  /** Requests that the upstream gets while something is done. */
  requestsOf(work: () => Promise<unknown>): Promise<number>;
  /** Has one machine plan a film: what it shares is there then. */
  plan(name: string, more?: Partial<SharedCacheOptions>): Promise<Machine>;
  /** Has one machine open a film and play it: what it shares is there then. */
  prepare(options?: SharingOptions, name?: string): Promise<Digests>;
}

export function sharing(): Sharing {
  const transcoder = createTranscoder();
  const log: Told[] = [];
  const noted = (fields: object, message: string) => void log.push({ message, fields });
  const running: { close(): Promise<void> }[] = [];
  let folder: string;
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream(() => undefined);
  });
  afterAll(() => upstream.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-shared-'));
    log.length = 0;
    all.serve('one');
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  const all: Sharing = {
    folder: () => folder,
    upstream: () => upstream,
    log,
    serve: (tag) =>
      upstream.answer((request, ...rest) => {
        const name = /^\/(\w+)\.mkv$/.exec(request.url ?? '')?.[1] ?? '';
        file(film(name), { headers: { etag: `"${tag}"` } })(request, ...rest);
      }),
    path: (name) => masterPath(`${upstream.url}/${name}.mkv`),
    async share(more) {
      const shared = await openSharedCache({
        place: folder,
        maxBytes: 256 * MEGABYTE,
        keepsCopies: false,
        secret: SECRET,
        log: { info: noted, warn: noted },
        // However busy the machine is that runs the tests.
        timeouts: { read: 10_000 },
        ...more,
      });
      return all.endLater(shared);
    },
    async machine(options) {
      const machine = await startMachine({ transcoder, ...options });
      running.unshift(machine);
      return machine;
    },
    endLater(service) {
      running.push(service);
      return service;
    },
    async stored(shared) {
      running.splice(running.indexOf(shared), 1);
      await shared.close();
    },
    async requestsOf(work) {
      const before = upstream.requests.length;
      await work();
      return upstream.requests.length - before;
    },
    async plan(name, more) {
      const shared = await all.share(more);
      const machine = await all.machine({ shared });
      const { status } = await machine.ask(all.path(name));
      expect(status).toBe(200);
      await all.stored(shared);
      return machine;
    },
    async prepare(options = {}, name = 'sound') {
      const shared = await all.share(options);
      const machine = await all.machine({ ...options, shared });
      const digests = await digestsOf(machine, await openTitle(machine, all.path(name)));
      await all.stored(shared);
      return digests;
    },
  };
  return all;
}

/** All that a title's playlists lead to. */
export async function digestsOf(from: Pick<Machine, 'ask'>, title: Playlists): Promise<Digests> {
  const digests = new Map<string, string>();
  for (const { playlist, init, segments } of title.media.values())
    for (const address of [playlist, init, ...segments]) {
      const { pathname } = new URL(address);
      const { status, body } = await from.ask(pathname);
      expect(status, pathname).toBe(200);
      digests.set(pathname, digest(body));
    }
  return digests;
}
