import { createRequire } from 'node:module';
import type { Logger as PinoLogger, pino } from 'pino';

const require = createRequire(import.meta.url);

/** The methods that all of this program logs by. */
export type Lines = Readonly<Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>>;

/** Lines of JSON to standard error, without addresses of media; loads pino when there is something to log. */
export function createLog(level: string): Lines {
  let log: PinoLogger | undefined;
  const get = () => {
    const load = require('pino') as typeof pino;
    log ??= load({ level, serializers: { err: toldError } }, load.destination({ dest: 2, sync: true }));
    return log;
  };
  return {
    info: (fields, message) => get().info(fields, message),
    warn: (fields, message) => get().warn(fields, message),
    error: (fields, message) => get().error(fields, message),
  };
}

/** Errors behind errors that are told. */
const MAX_CAUSES = 4;

interface ToldError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ToldError;
}

/** What an error says, not what it holds: libraries hang requests with all their headers to theirs. */
export function toldError(error: unknown, depth = 0): ToldError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutUrls(String(error)) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message: withoutUrls(message),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(stack === undefined ? {} : { stack: withoutUrls(stack) }),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: toldError(cause, depth + 1) }),
  };
}

/** Media are named by URLs, which may hold passwords; where this program lies (`file:`) is no secret. */
export const withoutUrls = (text: string): string =>
  text.replaceAll(/\b(?!file:|node:)[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi, '<url>');
