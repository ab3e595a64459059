/** What the caller can do about a failure. One table in `src/http/errors.ts` maps each code to a status. */
export type ErrorCode =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden-address'
  | 'not-found'
  | 'changed'
  | 'limit'
  | 'corrupt'
  | 'truncated'
  | 'unsupported'
  | 'encrypted'
  | 'rate'
  | 'not-offered'
  | 'upstream'
  | 'busy'
  | 'upstream-timeout';

export interface ErrorDetails {
  /** Byte offset in the source where the fault was met. */
  readonly offset?: number;
  /** Structure path, outermost first: `['Segment', 'Cluster', 'SimpleBlock']`. */
  readonly path?: readonly string[];
  /** HTTP status that the upstream answered. */
  readonly upstreamStatus?: number;
  /** The resource can be read, but only from its beginning on and in order. */
  readonly inOrderOnly?: boolean;
  /** It is in a container that nothing here reads. */
  readonly isOtherContainer?: boolean;
  /** Seconds after which another try makes sense. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** The only error that Sluice throws on purpose: a code for programs, a message with the next step for a person. */
export class MediaError extends Error {
  readonly code: ErrorCode;
  readonly offset: number | undefined;
  readonly path: readonly string[];
  readonly upstreamStatus: number | undefined;
  readonly inOrderOnly: boolean;
  readonly isOtherContainer: boolean;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MediaError';
    this.code = code;
    this.offset = details.offset;
    this.path = details.path ?? [];
    this.upstreamStatus = details.upstreamStatus;
    this.inOrderOnly = details.inOrderOnly ?? false;
    this.isOtherContainer = details.isOtherContainer ?? false;
    this.retryAfter = details.retryAfter;
  }
}

export const corrupt = (message: string, offset?: number): MediaError =>
  new MediaError('corrupt', message, offset === undefined ? {} : { offset });

export const truncated = (message: string, offset?: number): MediaError =>
  new MediaError('truncated', message, offset === undefined ? {} : { offset });

export const unsupported = (message: string): MediaError => new MediaError('unsupported', message);

/** Runs `read` and puts `name` in front of the structure path of a MediaError that it throws. */
export function within<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    throw new MediaError(error.code, error.message, {
      ...(error.offset === undefined ? {} : { offset: error.offset }),
      path: [name, ...error.path],
      cause: error.cause,
    });
  }
}

/** What `read` gives, or the MediaError that it throws: for parts without which the rest can still be read. */
export function attempt<T>(read: () => T): T | MediaError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) return error;
    throw error;
  }
}

/** What `read` gives; null where it throws a MediaError: for data that are only hints. Other errors go on. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}
