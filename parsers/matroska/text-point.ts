import type { Source } from '../../src/core/contracts.ts';
import type { BlockContext } from './block.ts';

/** A text as Cues tell it: RFC 9559, 5.1.5. */
export interface TextPoint {
  readonly time: number;
  readonly end: number;
  /** File offset of its cluster. */
  readonly cluster: number;
  /** Of its block, from the first byte behind the cluster's head on. */
  readonly relative: number;
}

export interface TextPlace {
  readonly source: Source;
  /** Of the track alone. */
  readonly context: BlockContext;
  /** End of all clusters. */
  readonly end: number;
}

export interface TextReading extends TextPlace {
  readonly signal: AbortSignal;
}

export const placeOf = ({ cluster, relative }: TextPoint): number => cluster + relative;
