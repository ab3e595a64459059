/** `npm run thorough` looks at every row of the slow tables; `npm test` at some of them, always the same. */
export const isThorough = process.env.SLUICE_THOROUGH === '1';

/** Each `nth` row, the first among them. */
export const someOf = <T>(rows: readonly T[], nth: number): readonly T[] =>
  isThorough ? rows : rows.filter((_, i) => i % nth === 0);

/** Runs of a property, mutants of a file: as many as `count` where all are wanted. */
export const someRuns = (count: number, usual: number): number => (isThorough ? count : usual);
