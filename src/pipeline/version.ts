import { readRange } from '../core/bytes.ts';
import type { Source } from '../core/contracts.ts';
import type { SelectionOptions } from './select-tracks.ts';

/** Changes whenever the same source would be planned or written otherwise: old addresses then answer `changed`. */
const FORMAT = 4;

/** Bytes of the file that its version depends on. */
const VERSION_HEAD = 64 * 1024;

/** Names content and plan: hash of size, first 64 KiB, format and settings. */
export async function versionOf(
  source: Source,
  options: SelectionOptions & { readonly isEncoded?: boolean; readonly transcoding?: string | null },
  signal: AbortSignal,
): Promise<string> {
  const head = await readRange(source, { start: 0, end: VERSION_HEAD }, signal);
  const facts = new TextEncoder().encode(JSON.stringify({ format: FORMAT, size: source.size, options }));
  const input = new Uint8Array(facts.length + head.length);
  input.set(facts);
  input.set(head, facts.length);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', input));
  return [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
