import { concat } from '../../core/bytes.ts';
import type { RelayedAnswer } from '../../core/relay.ts';
import { segmentKind } from '../../proxy/hls/segment-kind.ts';
import type { Relayed } from './send-relayed.ts';

/** Bytes read at most to find out what a segment is: the largest disguise, and a few packets behind it. */
const MAX_HEAD = 72 * 1024;

/** The beginning of a body, and what it is taken for. */
interface Looked {
  readonly head: readonly Uint8Array[];
  readonly type: string | null;
}

/**
 * A segment from its first byte, with the type that its bytes have, whatever its server says; a picture that was put in
 * front of it to disguise it is left away.
 */
export async function withoutPicture(relayed: Relayed): Promise<Relayed> {
  const { answer, status, headers } = relayed;
  // Of a part that begins elsewhere nothing can be told, and a body that nobody reads is not looked into.
  if (status !== 200 || headers['content-encoding'] !== undefined) return relayed;
  const looked = await lookInto(answer);
  const { skip } = looked;
  const length = headers['content-length'];
  // Its bytes are not those that the upstream's tag names, nor are its ranges.
  const { etag: _, 'last-modified': __, ...others } = headers;
  const changed = {
    ...(skip > 0 ? { ...others, 'accept-ranges': 'none' } : headers),
    ...(looked.type === null ? {} : { 'content-type': looked.type }),
    ...(skip > 0 && length !== undefined ? { 'content-length': String(Number(length) - skip) } : {}),
  };
  return { ...relayed, headers: changed, head: cutFront(looked.head, skip) };
}

async function lookInto(answer: RelayedAnswer): Promise<Looked & { readonly skip: number }> {
  const head: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = await answer.next();
    if (chunk) {
      head.push(chunk);
      length += chunk.length;
    }
    const kind = segmentKind(head.length === 1 && chunk ? chunk : concat(head));
    if (kind) return { head, ...kind };
    if (!chunk || length >= MAX_HEAD) return { head, type: null, skip: 0 };
  }
}

function cutFront(parts: readonly Uint8Array[], skip: number): Uint8Array[] {
  let left = skip;
  return parts.flatMap((part) => {
    const cut = Math.min(left, part.length);
    left -= cut;
    return cut === part.length ? [] : [part.subarray(cut)];
  });
}
