import { spawn } from 'node:child_process';
import { MediaError } from '../core/errors.ts';

/** Raw streams that FFmpeg can be given: names of its demuxers. */
export type RawStream = 'truehd' | 'aac';

/** The whole command line: a raw stream in, interleaved 32-bit floats out, nothing resampled. */
export const decodeArguments = (stream: RawStream, channels: number): string[] => [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
  ...['-threads', '1', '-f', stream, '-i', 'pipe:0'],
  ...['-map', '0:a:0', '-ac', String(channels), '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1'],
];

export interface Decoding {
  readonly program: string;
  readonly stream: RawStream;
  readonly channels: number;
  readonly signal: AbortSignal;
  /** Bytes of samples that come at most: more is an error of the stream or of the program. */
  readonly maxBytes: number;
}

/** Milliseconds in which what is some seconds of sound must have been decoded. */
const PATIENCE = 30_000;
/** Of what it says on its error output. */
const MAX_LOG = 2000;

/**
 * Decodes raw sound in a child process, which ends with the signal.
 * @throws MediaError `corrupt` when it fails, with the end of its log; `not-offered` when it does not start; `limit`; the
 * abort reason when aborted
 */
export async function decodeSound(
  input: readonly Uint8Array[],
  decoding: Decoding,
): Promise<Uint8Array<ArrayBuffer>> {
  const { program, stream, channels, signal, maxBytes } = decoding;
  signal.throwIfAborted();
  const child = spawn(program, decodeArguments(stream, channels), { stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let log = '';
  let fail: (reason: unknown) => void = () => undefined;
  const kill = (reason: unknown) => {
    child.kill('SIGKILL');
    fail(reason); // whatever the program has started may keep its pipes open
  };
  const onAbort = () => kill(signal.reason);
  signal.addEventListener('abort', onAbort);
  const timer = setTimeout(() => kill(new MediaError('corrupt', 'FFmpeg did not come to an end')), PATIENCE);
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      fail = reject;
      child.on('error', (cause) =>
        reject(new MediaError('not-offered', 'FFmpeg cannot be started', { cause })),
      );
      child.on('close', resolve);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) kill(new MediaError('limit', 'FFmpeg gave more sound than there is'));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-MAX_LOG);
    });
    child.stdin.on('error', () => undefined); // it may end before it has read all: its exit code tells
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
    const code = await ended;
    if (code === null || (code !== 0 && bytes === 0))
      throw new MediaError('corrupt', `FFmpeg cannot decode the sound: ${log.trim()}`);
    return joined(chunks, bytes);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function joined(chunks: readonly Buffer[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
