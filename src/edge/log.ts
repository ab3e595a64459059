import type { LogLevel } from '../config.ts';
import type { Logger } from '../http/deps.ts';

/** From the most important on. */
const RANK = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 } as const satisfies Record<LogLevel, number>;

/** Lines of JSON to the platform's log. */
export function logger(level: LogLevel): Logger {
  const line = (of: LogLevel, write: (text: string) => void) => (fields: object, message: string) => {
    if (RANK[of] > RANK[level]) return;
    write(JSON.stringify({ level: of, message, ...fields }, (_, value: unknown) => told(value)));
  };
  return {
    info: line('info', console.log),
    warn: line('warn', console.warn),
    error: line('error', console.error),
  };
}

/** Errors have no fields of their own. */
const told = (value: unknown): unknown =>
  value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
