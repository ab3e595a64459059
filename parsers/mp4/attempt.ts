import { MediaError } from '../../src/core/errors.ts';

/** What `read` gives, or the MediaError that it throws: for parts without which the rest can still be read. */
export function attempt<T>(read: () => T): T | MediaError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) return error;
    throw error;
  }
}
