/** A folder's files as its quota sees them. */
export interface Shelved {
  names(): Promise<readonly string[]>;
  /** Null for one that is gone. */
  facts(name: string): Promise<{ readonly bytes: number; readonly written: number } | null>;
  remove(name: string): Promise<void>;
}

/** Part of the quota that a process may write between two looks at the folder: so much it can be too large. */
const LOOK_EVERY = 1 / 16;
/** Part of the quota that is left: more than what is written until the next look stays free. */
const LEAVE = 7 / 8;
/** Files asked about at once. */
const AT_ONCE = 64;

/**
 * Keeps a folder of equal citizens within a quota: the first value that is written and then each sixteenth of the
 * quota makes it look, and what was written longest ago goes. Several processes may do so in the same folder.
 * @returns to be called with the bytes of each value that was written
 */
export function keepWithin(shelf: Shelved, maxBytes: number): (bytes: number) => Promise<void> {
  let sinceLook = Number.POSITIVE_INFINITY;
  return async (bytes) => {
    sinceLook += bytes;
    if (sinceLook < maxBytes * LOOK_EVERY) return;
    sinceLook = 0;
    await tidy(shelf, maxBytes);
  };
}

async function tidy(shelf: Shelved, maxBytes: number): Promise<void> {
  const files = (await inTurns(await shelf.names(), (name) => factsOf(shelf, name))).filter(
    (file) => file !== null,
  );
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= maxBytes * LEAVE) return;
  files.sort((a, b) => a.written - b.written);
  for (const { name, bytes } of files) {
    if (total <= maxBytes * LEAVE) return;
    await shelf.remove(name);
    total -= bytes;
  }
}

async function factsOf(shelf: Shelved, name: string) {
  const facts = await shelf.facts(name);
  return facts && { name, ...facts };
}

async function inTurns<T, R>(list: readonly T[], map: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < list.length; at += AT_ONCE)
    done.push(...(await Promise.all(list.slice(at, at + AT_ONCE).map(map))));
  return done;
}
