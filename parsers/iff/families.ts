import { ByteCursor } from '../../src/core/bytes.ts';
import { parseAiffFormat } from './aiff-format.ts';
import { type ChunkForm, plainForm, WAVE_64 } from './chunks.ts';
import { type FramedSound, type PcmSound, parseWaveFormat } from './wave-format.ts';

/** One kind of files of sound in chunks. */
export interface Family {
  readonly name: 'wav' | 'w64' | 'aiff';
  /** Whether a file that begins like this is one. */
  isAt(head: Uint8Array): boolean;
  readonly form: ChunkForm;
  /** Where the first chunk begins. */
  readonly start: number;
  /** Names of the chunks that are looked for. */
  readonly ids: { readonly format: string; readonly data: string };
  parse(format: Uint8Array): PcmSound | FramedSound;
  /** Bytes that its own words put before the first sample, by what the chunk of the sound begins with. */
  lead(data: Uint8Array): number;
}

const stands = (head: Uint8Array, at: number, ...names: readonly string[]): boolean =>
  names.some((name) => [...name].every((char, i) => head[at + i] === char.charCodeAt(0)));

/** RIFF, and with lengths of 64 bits in a chunk of its own RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088). */
const WAVE: Family = {
  name: 'wav',
  isAt: (head) => stands(head, 0, 'RIFF', 'RF64', 'BW64') && stands(head, 8, 'WAVE'),
  form: plainForm(true),
  start: 12,
  ids: { format: 'fmt ', data: 'data' },
  parse: parseWaveFormat,
  lead: () => 0,
};

const GUID_BYTES = 16;

/** Sony Wave64: names are GUIDs. */
const WAVE64: Family = {
  ...WAVE,
  name: 'w64',
  isAt: (head) => stands(head, 0, 'riff') && stands(head, GUID_BYTES + 8, 'wave'),
  form: WAVE_64,
  start: 2 * GUID_BYTES + 8,
};

/** AIFF and AIFF-C. */
const AIFF: Family = {
  name: 'aiff',
  isAt: (head) => stands(head, 0, 'FORM') && stands(head, 8, 'AIFF', 'AIFC'),
  form: plainForm(false),
  start: 12,
  ids: { format: 'COMM', data: 'SSND' },
  parse: parseAiffFormat,
  // offset and blockSize
  lead: (data) => 8 + (data.length >= 4 ? new ByteCursor(data).u32() : 0),
};

const FAMILIES: readonly Family[] = [WAVE, WAVE64, AIFF];

export const familyOf = (head: Uint8Array): Family | null =>
  FAMILIES.find((family) => family.isAt(head)) ?? null;
