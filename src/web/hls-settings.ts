import type { HlsConfig, RetryConfig } from './hls.js';

/** Settings of hls.js that the page's address may override, as `hls.maxBufferHole=0`. */
const TUNABLE = [
  'maxBufferHole',
  'maxBufferLength',
  'maxMaxBufferLength',
  'backBufferLength',
  'maxFragLookUpTolerance',
  'nudgeMaxRetry',
  'startPosition',
] as const satisfies readonly (keyof HlsConfig)[];

const RETRIES = 6;
/** After one, two, four and then eight seconds: who is told to come back in three has not given up by then. */
const RETRY: RetryConfig = {
  maxNumRetry: RETRIES,
  retryDelayMs: 1000,
  maxRetryDelayMs: 8000,
  // An encoder that fails in mid-way breaks the transfer, which has no status then: another one makes the segment.
  shouldRetry: (_config, count, _isTimeout, response, retry) =>
    retry || (response?.code === 0 && count < RETRIES),
};

const TIMEOUT_RETRY: RetryConfig = { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 };

/**
 * Times in milliseconds. The first answer about a film may wait for a slow upstream, and for trials of all encoders; the
 * first byte of a segment for ten seconds until an encoder is free, and for its first pictures.
 */
const PATIENT: Partial<HlsConfig> = {
  manifestLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: Number.POSITIVE_INFINITY,
      maxLoadTimeMs: 60_000,
      timeoutRetry: TIMEOUT_RETRY,
      errorRetry: { maxNumRetry: 1, retryDelayMs: 1000, maxRetryDelayMs: 8000 },
    },
  },
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 30_000,
      maxLoadTimeMs: 120_000,
      timeoutRetry: TIMEOUT_RETRY,
      errorRetry: RETRY,
    },
  },
};

/** @param search of the page's address */
export const hlsSettings = (search: string): Partial<HlsConfig> => ({ ...PATIENT, ...overrides(search) });

function overrides(search: string): Partial<HlsConfig> {
  const query = new URLSearchParams(search);
  const numbers = TUNABLE.flatMap((name) => {
    const text = query.get(`hls.${name}`);
    return text === null || text === '' || !Number.isFinite(Number(text)) ? [] : [[name, Number(text)]];
  });
  return Object.fromEntries(numbers);
}
