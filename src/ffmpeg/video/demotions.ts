/** Encoders that failed lately. */
export interface Demotions {
  demote(encoder: string, reason: string): void;
  /** Null where it did not fail lately. */
  reasonAgainst(encoder: string): string | null;
  /** Those that failed lately come last. */
  inOrder(encoders: readonly string[]): string[];
}

/** Milliseconds for which others come first: what has failed may have been in use elsewhere. */
const TIME = 5 * 60_000;

/** @param now milliseconds */
export function createDemotions(now: () => number): Demotions {
  const demoted = new Map<string, { readonly reason: string; readonly until: number }>();
  const reasonAgainst = (encoder: string): string | null => {
    const known = demoted.get(encoder);
    if (known && known.until <= now()) demoted.delete(encoder);
    return demoted.get(encoder)?.reason ?? null;
  };
  return {
    demote: (encoder, reason) => void demoted.set(encoder, { reason, until: now() + TIME }),
    reasonAgainst,
    inOrder: (encoders) => {
      const isGood = (encoder: string) => reasonAgainst(encoder) === null;
      return [...encoders.filter(isGood), ...encoders.filter((encoder) => !isGood(encoder))];
    },
  };
}
