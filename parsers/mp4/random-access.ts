import { orNull } from '../../src/core/errors.ts';
import type { Box } from './box.ts';
import { readableBoxes, readFullBox } from './readable-boxes.ts';
import { MAX_SAMPLES, type SampleTables, type TableBytes, tableEntries } from './table-entries.ts';

/** Samples of a track, numbered from 1 on. */
interface Stretch {
  readonly first: number;
  readonly count: number;
}

/** One every second of a week. */
const MAX_STRETCHES = 600_000;

/**
 * `stss` with the pictures at which decoding can begin though what follows them in decode order may refer to what came
 * before: those of the group `rap ` (ISO/IEC 14496-12, 10.4), as GPAC and L-SMASH tell the open GOPs of x265, and of
 * QuickTime's partial sync samples. Null where all samples are sync. What is broken in groups is left out.
 * @param stbl SampleTableBox
 */
export function withOpenBeginnings({ stss }: SampleTables, stbl: Box): TableBytes | null {
  if (!stss) return null;
  const open = [...readableBoxes(stbl, ['stps', 'sbgp'])].flatMap(
    (box) => orNull(() => READERS[box.type]?.(box)) ?? [],
  );
  const told = open.reduce((sum, { count }) => sum + count, 0);
  const own = orNull(() => tableEntries(stss, 'stss', 4));
  if (told === 0 || !own || told > MAX_SAMPLES) return stss;
  const bytes = new Uint8Array(HEAD + (own.count + told) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, own.count + told);
  let at = HEAD;
  const add = (sample: number) => {
    view.setUint32(at, sample);
    at += 4;
  };
  for (let i = 0; i < own.count; i++) add(own.view.getUint32(i * 4));
  for (const { first, count } of open) for (let i = 0; i < count; i++) add(first + i);
  return { bytes, base: stss.base };
}

/** Version, flags and count. */
const HEAD = 8;

const READERS: Readonly<Record<string, (box: Box) => Stretch[]>> = { stps: readPartialSync, sbgp: readGroup };

/** Partial Sync Sample Atom: QuickTime File Format. */
function readPartialSync({ bytes, content }: Box): Stretch[] {
  const { count, view } = tableEntries({ bytes, base: content }, 'stps', 4);
  const length = Math.min(count, MAX_STRETCHES);
  return Array.from({ length }, (_, i) => ({ first: view.getUint32(i * 4), count: 1 }));
}

const RANDOM_ACCESS = 'rap ';

/** SampleToGroupBox: 8.9.2. */
function readGroup(box: Box): Stretch[] {
  const { version, fields } = readFullBox(box);
  if (String.fromCharCode(...fields.bytes(4)) !== RANDOM_ACCESS) return [];
  if (version === 1) fields.skip(4);
  const stretches: Stretch[] = [];
  let first = 1;
  const entries = Math.min(fields.u32(), Math.floor(fields.remaining / 8));
  for (let i = 0; i < entries && stretches.length < MAX_STRETCHES; i++) {
    const count = fields.u32();
    if (fields.u32() > 0) stretches.push({ first, count });
    first += count;
  }
  return stretches;
}
