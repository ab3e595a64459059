/** What went wrong, for a person. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

/** What the viewer can do, by the error codes of the server. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  'bad-request': 'Check the address: it must be the complete URL of a media file.',
  unauthorized:
    'Ask whoever runs this server for its password or key, and add it to the address of this page.',
  // The message itself names the flag.
  'forbidden-address': '',
  'not-found': 'Check that the address is right and that the file is still there.',
  changed: 'The file was replaced while it was playing. Press Play to open the new one.',
  limit: 'The file is beyond what this server accepts; try another one.',
  corrupt: 'The file seems to be damaged; try another copy of it.',
  truncated: 'The file seems to be incomplete; try another copy of it.',
  unsupported: 'Try a version of the file in another format.',
  encrypted: 'Protected files cannot be played here.',
  rate: 'The server that holds the file asks for patience; try again in a minute.',
  'not-offered': 'This server does not offer that; try a version of the file in another format.',
  upstream: 'The server that holds the file did not answer as it should; try again, or check the address.',
  'upstream-timeout': 'The server that holds the file is too slow or cannot be reached; try again later.',
  busy: 'This server is busy; try again in a few seconds.',
  'browser-codec': 'Open it in another browser or player: its address is below.',
  internal: 'Try again; if it happens again, tell whoever runs this server.',
};

/** Where the server says that it lacks it. */
const FFMPEG_HELPS =
  'Whoever runs this server can install FFmpeg; or try a version of the file in another format.';

export function failure(code: string, message: string): Failure {
  const next = NEXT_STEPS[code] ?? 'Try again, or try another file.';
  return { code, message, next: code === 'unsupported' && message.includes('FFmpeg') ? FFMPEG_HELPS : next };
}

/** The server's `{error: {code, message}}`; null when the body is something else. */
export function readFailure(body: unknown): Failure | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return null;
  return failure(String(error.code), String(error.message));
}

/** Asks again for what failed, to learn why. Null when it succeeds now. */
export async function explain(url: string): Promise<Failure | null> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    if (response.ok) {
      await response.body?.cancel();
      return null;
    }
    const body: unknown = await response.json().catch(() => null);
    return readFailure(body) ?? failure(`http-${response.status}`, `The server answered ${response.status}.`);
  } catch {
    return failure('unreachable', 'This server cannot be reached.');
  }
}
