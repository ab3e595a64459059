import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import type { Hono } from 'hono';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { MediaError } from './core/errors.ts';
import type { AppDeps, AppEnv, SendChunks, UploadDesk } from './http/deps.ts';
import type { Hooks } from './http/hooks/hooks.ts';
import { sendChunksAsStream } from './http/stream-body.ts';
import { openNode } from './node.ts';
import { listenerBelow, type NodeListener } from './serving/listener.ts';

export type * from './http/hooks/hooks.ts';

/** Nothing is taken from the environment; what is left out has the default of the command line. */
export interface SluiceSettings extends Partial<Omit<Config, 'port'>> {
  /** Names of `roots` whose files the page lists; none unless given. */
  readonly listed?: readonly string[];
  /** What the other app has to say: which film a name stands for, who may see it, how tracks are called. */
  readonly hooks?: Hooks;
}

/** Sluice as a part of another app. */
export interface Sluice {
  /** For `app.route('/media', sluice.app)`, or `sluice.app.fetch` for what takes a `Request`. */
  readonly app: Hono<AppEnv>;
  /**
   * For servers that are not hono's: takes Node's own request and response.
   * @param prefix path that it lies below, as clients ask for it: `/media`; none for the root
   */
  listener(prefix?: string): NodeListener;
  /** Opens local files to pages of other sites, as `key=`. */
  readonly accessKey: string;
  /** False: addresses that were given out end with this process. Give a `secret`, or a `stateDir` that can be written. */
  readonly isSecretKept: boolean;
  /** Sets up a server of Node's to take uploads; before it listens. */
  prepare(server: Server): void;
  /** Ends all work; may be called again. */
  close(): Promise<void>;
}

/**
 * Opens Sluice to be mounted in another app, on Node and on what has Node's modules. Reads no upstream yet.
 * @throws MediaError `bad-request` for settings that cannot be, `not-offered` for a shared cache without its packages
 */
export async function openSluice(settings: SluiceSettings = {}): Promise<Sluice> {
  const { listed = [], hooks, ...given } = settings;
  const config: Config = { ...readConfig({}, {}, { cores: availableParallelism() }), ...given };
  const parts = await openNode(config, { listed });
  const { sendChunks, desk } = parts.deps;
  const deps: AppDeps = {
    ...parts.deps,
    sendChunks: sending(sendChunks),
    desk: receiving(desk),
    ...(hooks ? { hooks } : {}),
  };
  const app = createApp(deps, Date.now);
  return {
    app,
    listener: (prefix = '') => listenerBelow(app, prefix),
    accessKey: deps.accessKey,
    isSecretKept: parts.isSecretKept,
    prepare: parts.prepare,
    close: parts.close,
  };
}

/** Whether the request came through `@hono/node-server`, which hands Node's own request and response in. */
const isOfNode = (env: unknown): boolean =>
  typeof env === 'object' && env !== null && 'incoming' in env && 'outgoing' in env;

const sending =
  (onNode: SendChunks): SendChunks =>
  (c, answer) =>
    isOfNode(c.env) ? onNode(c, answer) : sendChunksAsStream(c, answer);

const receiving = (onNode: UploadDesk): UploadDesk => ({
  async receive(c, signal) {
    if (isOfNode(c.env)) return onNode.receive(c, signal);
    throw new MediaError('not-offered', 'Uploads need a server by @hono/node-server');
  },
  refuse: async (c, response) => (isOfNode(c.env) ? onNode.refuse(c, response) : response),
});
