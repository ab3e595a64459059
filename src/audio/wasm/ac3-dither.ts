import type { NativeInstance } from './instance.ts';

/**
 * Where the decoder keeps the random numbers for what the stream leaves to chance (ETSI TS 102 366, 7.3.4): 64 words
 * and a position. In bytes: offset of a pointer in the `AVCodecContext`, and offset behind what that points to.
 */
export interface DitherPlace {
  readonly own: number;
  readonly state: number;
}

/** Words 8 to 15 of a generator that was seeded with 0, and of nothing else: they come from MD5. */
const FRESH = [
  0x3b376b5e, 0xf56be763, 0xcba2a7fc, 0x9751b2c7, 0x5b1fe69a, 0x860b05af, 0x2b2650ca, 0x92a97fb0,
] as const;
const FRESH_AT = 32;
const WORDS = 64;
/** Of the contexts, what is searched: the generator lies at 53 KiB. */
const CONTEXT_BYTES = 64;
const OWN_BYTES = 128 * 1024;

/** Looks for it in a decoder that has decoded nothing yet; null where it is not found. */
export function findDither({ view }: NativeInstance, context: number): DitherPlace | null {
  const found: DitherPlace[] = [];
  for (let own = 0; own < CONTEXT_BYTES; own += 4) {
    const start = view.getUint32(context + own, true);
    const end = Math.min(start + OWN_BYTES, view.byteLength - FRESH_AT);
    for (let at = start; start > 0 && start % 4 === 0 && at < end; at += 4)
      if (isFresh(view, at + FRESH_AT)) found.push({ own, state: at - start });
  }
  return found.sort((a, b) => a.state - b.state)[0] ?? null;
}

/** True for a decoder that has decoded nothing yet and keeps them there. */
export function hasDither({ view }: NativeInstance, context: number, place: DitherPlace): boolean {
  const at = view.getUint32(context + place.own, true) + place.state + FRESH_AT;
  return at + FRESH_AT <= view.byteLength && isFresh(view, at);
}

const isFresh = (view: DataView, at: number): boolean =>
  FRESH.every((word, i) => view.getUint32(at + 4 * i, true) === word);

/** Makes the next frame's random numbers a function of `seed`. */
export function seedDither(
  instance: NativeInstance,
  context: number,
  place: DitherPlace,
  seed: number,
): void {
  const at = instance.view.getUint32(context + place.own, true) + place.state;
  const words = new Uint32Array(instance.bytes.buffer, at, WORDS + 1);
  for (let i = 0; i < WORDS; i++)
    words[i] = mixed(Math.imul(seed, 0x9e3779b1) + Math.imul(i + 1, 0x85ebca77));
  words[WORDS] = 0;
}

/** Spreads each bit over all: multiplications and shifts that can be undone, so that no two inputs meet. */
function mixed(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  const second = Math.imul(first ^ (first >>> 15), 0x735a2d97);
  return second ^ (second >>> 15);
}
