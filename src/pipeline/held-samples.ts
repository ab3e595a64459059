import type { Sample } from '../core/contracts.ts';

/** What a packet costs beside its bytes. */
const SAMPLE_COST = 320;

export const costOf = ({ data }: Sample): number => data.length + SAMPLE_COST;

/** A copy: a view would keep the whole fetched block alive. */
export const detached = (sample: Sample): Sample => ({ ...sample, data: sample.data.slice() });
