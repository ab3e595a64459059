import { readRange } from '../../core/bytes.ts';
import type { Source } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';

/** What two places of one film must have in common beside its size. */
const HEAD = 64 * 1024;

/** Remembers how a film begins, so that nothing else is taken for it at another place. */
export interface HeadProof {
  /** Bytes that were read at a position. */
  see(position: number, bytes: Uint8Array): void;
  /** @throws MediaError `changed` for a source that begins otherwise */
  check(source: Source, signal: AbortSignal): Promise<void>;
}

export function createHeadProof(): HeadProof {
  const head = new Uint8Array(HEAD);
  let known = 0;
  const checked = new WeakSet<Source>();
  let last: Source | null = null;
  return {
    see(position, bytes) {
      if (position > known || position + bytes.length <= known || known === HEAD) return;
      const more = bytes.subarray(known - position, HEAD - position);
      head.set(more, known);
      known += more.length;
    },
    async check(source, signal) {
      if (checked.has(source)) return;
      if (last && known > 0) {
        const bytes = await readRange(source, { start: 0, end: known }, signal);
        const isSame = bytes.length === known && bytes.every((byte, i) => byte === head[i]);
        if (!isSame || !isOfSize(source, last.size))
          throw new MediaError('changed', 'Another file is behind this name now; open the title again');
      }
      last = source;
      checked.add(source);
    },
  };
}

/** Sizes that nobody tells do not count. */
const isOfSize = (source: Source, size: number | null): boolean =>
  source.size === null || size === null || source.size === size;
