import type { Context } from 'hono';
import type { Config } from '../config.ts';
import type { Library, OpenedSource } from '../pipeline/library.ts';
import type { MediaRequest, TokenBox } from '../proxy/token.ts';

export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Sends a body chunk by chunk; the way to do it differs by platform. */
export type SendChunks = (
  c: Context<AppEnv>,
  answer: {
    readonly headers: Readonly<Record<string, string>>;
    readonly chunks: AsyncIterable<readonly Uint8Array[]>;
    /** Called when sending ended too early, for whatever reason. */
    readonly onBroken: (error: unknown) => void;
  },
) => Promise<Response>;

/** All that the routes need; handed in by the entry. */
export interface AppDeps {
  readonly config: Pick<Config, 'host' | 'publicUrl' | 'apiPassword'>;
  readonly library: Library;
  readonly tokens: TokenBox;
  /** Opens local and private sources to other sites. */
  readonly accessKey: string;
  /** Sends nothing yet. */
  openSource(request: MediaRequest): Promise<OpenedSource>;
  readonly sendChunks: SendChunks;
  /** Files of the player page by name; null when there is none of that name. */
  readonly asset: (
    name: string,
  ) => Promise<{ readonly body: Uint8Array<ArrayBuffer>; readonly type: string } | null>;
  readonly log: Logger;
}

export interface AppEnv {
  Variables: {
    deps: AppDeps;
    /** Cross-origin headers of the answer; none until a source was found open to all. */
    cors: Readonly<Record<string, string>>;
  };
}
