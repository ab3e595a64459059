import type { RelayedAnswer } from '../../core/relay.ts';

/** Bytes of a single guide that are kept: a larger one is fetched each time. */
const MAX_KEPT = 32 * 1024 * 1024;
/** Bytes of all guides on their way that may be kept one day. */
const UNDER_WAY = 64 * 1024 * 1024;

/** What is kept of an answer: all of its bytes. */
export interface KeptBytes {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

export interface GuideKeeper {
  /**
   * The same answer; its bytes are kept once the last of them was taken, unless there are too many, or somebody else
   * keeps those of this key already.
   */
  keeping(answer: RelayedAnswer, key: string, keep: (bytes: KeptBytes) => void): RelayedAnswer;
}

/** However many ask for guides at a time, and however slowly: what waits for their last bytes is limited. */
export function createGuideKeeper(limits = { guide: MAX_KEPT, all: UNDER_WAY }): GuideKeeper {
  const keys = new Set<string>();
  let underWay = 0;
  return {
    keeping(answer, key, keep) {
      if (keys.has(key)) return answer;
      keys.add(key);
      let bytes: { readonly chunks: Uint8Array[]; length: number } | null = { chunks: [], length: 0 };
      const leave = () => {
        if (!bytes) return;
        underWay -= bytes.length;
        bytes = null;
        keys.delete(key);
      };
      const take = (chunk: Uint8Array) => {
        if (!bytes) return;
        const isTooMuch = bytes.length + chunk.length > limits.guide || underWay + chunk.length > limits.all;
        if (isTooMuch) return leave();
        bytes.chunks.push(new Uint8Array(chunk));
        bytes.length += chunk.length;
        underWay += chunk.length;
      };
      return {
        ...answer,
        async next() {
          const chunk = await answer.next();
          if (chunk) take(chunk);
          else if (bytes) keep(bytes);
          if (!chunk) leave();
          return chunk;
        },
        close() {
          leave();
          answer.close();
        },
      };
    },
  };
}
