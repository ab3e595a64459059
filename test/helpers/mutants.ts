/** Deterministic random numbers in [0, 1): mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);

/** Where structure lies: the head, and the first bytes of clusters. */
function place(file: Uint8Array, random: Random, clusters: readonly number[]): number {
  const kind = random();
  const head = Math.min(4096, file.length);
  if (kind < 0.5) return below(random, head);
  if (kind < 0.85)
    return Math.min(file.length - 1, (clusters[below(random, clusters.length)] ?? 0) + below(random, 48));
  return below(random, file.length);
}

type Mutation = (file: Uint8Array, at: number, random: Random) => Uint8Array;

/** `removed` bytes from `at` on replaced. */
export const splice = (file: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array => {
  const end = Math.min(file.length, at + removed);
  const out = new Uint8Array(file.length - (end - at) + added.length);
  out.set(file.subarray(0, at));
  out.set(added, at);
  out.set(file.subarray(end), at + added.length);
  return out;
};

const overwrite = (file: Uint8Array, at: number, bytes: readonly number[]): Uint8Array => {
  const out = file.slice();
  out.set(bytes.slice(0, out.length - at), at);
  return out;
};

const MUTATIONS: readonly Mutation[] = [
  (file, at, random) => overwrite(file, at, [(file[at] ?? 0) ^ (1 << below(random, 8))]),
  (file, at, random) => overwrite(file, at, [below(random, 256)]),
  (file, at, random) => overwrite(file, at, [random() < 0.5 ? 0 : 255]),
  (file, at, random) =>
    overwrite(
      file,
      at,
      Array.from({ length: 1 + below(random, 16) }, () => below(random, 256)),
    ),
  (file, at, random) =>
    overwrite(file, at, new Array<number>(1 + below(random, 12)).fill(random() < 0.5 ? 0 : 255)),
  (file, at) => file.slice(0, at),
  (file, at, random) => splice(file, at, 1 + below(random, 64), new Uint8Array(0)),
  (file, at, random) => splice(file, at, 0, file.slice(at, at + 1 + below(random, 64))),
  (file, at, random) => splice(file, at, 0, file.slice(at, at + 1 + below(random, 4096))),
];

/**
 * A damaged copy of a Matroska file, the same for the same seed: bits, bytes and runs changed, cut out, put in twice or
 * cut off, mostly where structure lies.
 * @param clusters where its Clusters begin
 */
export function mutantOf(file: Uint8Array, seed: number, clusters: readonly number[]): Uint8Array {
  const random = randomOf(seed);
  let mutant = file;
  for (let i = random() < 0.7 ? 1 : 1 + below(random, 4); i > 0 && mutant.length > 0; i--) {
    const mutate = MUTATIONS[below(random, MUTATIONS.length)];
    if (mutate) mutant = mutate(mutant, place(mutant, random, clusters), random);
  }
  return mutant;
}

/** Where Cluster IDs stand. */
export function clusterStarts(file: Uint8Array): number[] {
  const starts = [];
  for (let at = 0; at < file.length - 4; at++)
    if (file[at] === 0x1f && file[at + 1] === 0x43 && file[at + 2] === 0xb6 && file[at + 3] === 0x75)
      starts.push(at);
  return starts;
}
