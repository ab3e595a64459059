import { concat } from '../../core/bytes.ts';
import type { Source } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';

const PART = 64 * 1024;

/**
 * The hash by which OpenSubtitles knows a film: its size and the sums of its first and its last 64 KiB as 64-bit
 * little-endian numbers.
 * @throws MediaError `unsupported` for what is shorter than that, or of unknown length
 */
export async function openSubtitlesHash(
  source: Source,
  signal: AbortSignal,
): Promise<{ readonly hash: string; readonly size: number }> {
  const first = await readPart(source, 0, signal);
  const { size } = source;
  if (size === null || size < PART)
    throw new MediaError('unsupported', 'Too short to be known by a hash, or endless');
  const last = await readPart(source, size - PART, signal);
  const sum = BigInt(size) + sumOf(first) + sumOf(last);
  return { hash: BigInt.asUintN(64, sum).toString(16).padStart(16, '0'), size };
}

async function readPart(source: Source, start: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read({ start, end: start + PART }, signal)) chunks.push(chunk);
  return concat(chunks);
}

function sumOf(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0n;
  for (let at = 0; at + 8 <= bytes.length; at += 8)
    sum = BigInt.asUintN(64, sum + view.getBigUint64(at, true));
  return sum;
}
