import { corrupt, MediaError } from '../../src/core/errors.ts';

/** The content of one table box, version and flags included, and where in the file it begins. */
export interface TableBytes {
  readonly bytes: Uint8Array;
  readonly base: number;
}

/** The tables of one track: ISO/IEC 14496-12, 8.6 and 8.7. Null where the track has no such box. */
export interface SampleTables {
  readonly stts: TableBytes | null;
  readonly ctts: TableBytes | null;
  readonly stss: TableBytes | null;
  readonly stsc: TableBytes | null;
  readonly stsz: TableBytes | null;
  readonly stz2: TableBytes | null;
  readonly stco: TableBytes | null;
  readonly co64: TableBytes | null;
}

/**
 * Samples of one table: a day of 60 pictures a second has 5.2 million. A table of constant sizes tells any number in
 * twenty bytes, and each sample takes 24 bytes of memory: 144 MB.
 */
export const MAX_SAMPLES = 6_000_000;

/** What is known of the file when its tables are read. */
export interface TableLimits {
  /** Bytes of the file; null when unknown. */
  readonly fileEnd: number | null;
  /** Most samples of this table: what the tables before it left. `MAX_SAMPLES` when absent. */
  readonly maxSamples?: number;
}

/** @throws MediaError `limit` for more samples than may be held */
export function checkSampleCount(count: number, { maxSamples = MAX_SAMPLES }: TableLimits): void {
  if (count > maxSamples)
    throw new MediaError('limit', `A track has ${count} samples; ${maxSamples} are read at most`);
}

/** Entries of one size that lie behind each other. */
export interface Entries {
  readonly count: number;
  /** Begins with the first entry. */
  readonly view: DataView;
}

const NO_ENTRIES: Entries = { count: 0, view: new DataView(new ArrayBuffer(0)) };

/**
 * The entries of a table that begins with version, flags and their number; none without the box.
 * @throws MediaError `corrupt` for more entries than the box has bytes for
 */
export function tableEntries(table: TableBytes | null, name: string, entryBytes: number): Entries {
  if (!table) return NO_ENTRIES;
  const view = tableView(table, name, 8);
  const count = view.getUint32(4);
  if (count * entryBytes > table.bytes.length - 8)
    throw corrupt(
      `${name} tells ${count} entries, it has bytes for ${roomFor(table, 8, entryBytes)}`,
      table.base,
    );
  return { count, view: tail(table.bytes, 8) };
}

/** Sizes of samples: one for all, or one for each. */
export interface SampleSizes {
  readonly count: number;
  /** Bytes of every sample; null where each has its own. */
  readonly constant: number | null;
  /** Bits of an entry: 32, or 16, 8, 4 in `stz2`; 0 for a constant size. */
  readonly bits: number;
  /** Begins with the first entry. */
  readonly view: DataView;
}

/**
 * `stsz` or `stz2`: ISO/IEC 14496-12, 8.7.3. None of both: no samples.
 * @throws MediaError `corrupt` for more entries than the box has bytes for
 */
export function readSampleSizes({ stsz, stz2 }: SampleTables): SampleSizes {
  const table = stsz ?? stz2;
  if (!table) return { count: 0, constant: null, bits: 32, view: NO_ENTRIES.view };
  const name = stsz ? 'stsz' : 'stz2';
  const head = tableView(table, name, 12);
  const count = head.getUint32(8);
  const constant = stsz && head.getUint32(4) > 0 ? head.getUint32(4) : null;
  if (constant !== null) return { count, constant, bits: 0, view: NO_ENTRIES.view };
  const bits = stsz ? 32 : head.getUint8(7);
  if (![4, 8, 16, 32].includes(bits)) throw corrupt(`stz2 with fields of ${bits} bits`, table.base);
  if (Math.ceil((count * bits) / 8) > table.bytes.length - 12)
    throw corrupt(
      `${name} tells ${count} sizes, it has bytes for ${roomFor(table, 12, bits / 8)}`,
      table.base,
    );
  return { count, constant: null, bits, view: tail(table.bytes, 12) };
}

const roomFor = ({ bytes }: TableBytes, head: number, entryBytes: number): number =>
  Math.floor((bytes.length - head) / entryBytes);

function tableView({ bytes, base }: TableBytes, name: string, head: number): DataView {
  if (bytes.length < head) throw corrupt(`${name} of ${bytes.length} bytes, its head has ${head}`, base);
  return tail(bytes, 0);
}

const tail = (bytes: Uint8Array, from: number): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + from, bytes.byteLength - from);
