import type { PesHeader } from './pes.ts';

/** Where a PES packet begins. */
export interface Place {
  /** Byte offset of its first packet. */
  readonly position: number;
  /** Its presentation time on the title's line: 90 kHz; null when it tells none. */
  readonly ticks: number | null;
}

/** A sample as it comes out of an elementary stream. */
export interface Unit {
  readonly data: Uint8Array;
  /** Of the PES packet in which it begins. */
  readonly place: Place;
  /** Presentation time. */
  readonly ticks: number;
  /** Null where it does not tell. */
  readonly duration: number | null;
  readonly isKey: boolean;
  /** Which of those that begin in the same PES packet it is, from 0 on; 0 when absent. */
  readonly ordinal?: number;
  /** Where reading must begin for it to come out the same; at its PES packet when absent. */
  readonly entry?: number;
}

/**
 * Makes samples of the payload of one PID's PES packets: `begin`, any number of `append`, `end` where the length is
 * known. Every call gives the samples that are complete.
 */
export interface Elementary {
  begin(place: Place): readonly Unit[];
  append(bytes: Uint8Array, start: number, end: number): readonly Unit[];
  /** Bytes behind the end of the PES packet: its length was wrong. Only where they may be of use. */
  surplus?(bytes: Uint8Array, start: number, end: number): readonly Unit[];
  /** The PES packet is whole. */
  end(): readonly Unit[];
  /** Packets were lost. */
  lose(): readonly Unit[];
  /** Nothing more comes. */
  flush(): readonly Unit[];
  /** A PES packet is of another stream on the same PID. Only where there may be one. */
  isForeign?(header: PesHeader): boolean;
  /** Another stream has come to a place. Only for those that wait for something. */
  outrun?(place: Place): void;
  /** Where the oldest begins that is incomplete; null when nothing is held. */
  readonly pending: Place | null;
  /** Bytes passed over since the last call. */
  takeSkipped(): number;
}
