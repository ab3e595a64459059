import { bcp47 } from '../../src/core/language.ts';
import type { Descriptor, PmtStream } from './psi.ts';

const TAG = {
  language: 0x0a,
  ac3: 0x6a,
  eac3: 0x7a,
  extension: 0x7f,
  atscAc3: 0x81,
  atscEac3: 0xcc,
} as const;
/** supplementary_audio_descriptor within an extension descriptor. */
const SUPPLEMENTARY = 0x06;
/** stream_type of AC-3 and E-AC-3 in ATSC: only there the tags of its descriptors mean them. */
const ATSC: ReadonlySet<number> = new Set([0x81, 0x87]);

const DESCRIPTION = 'Audio description';
const HEARING = 'Hearing impaired';

/** audio_type: ISO/IEC 13818-1, Table 2-60. */
const AUDIO_TYPES: readonly (string | null)[] = [null, 'Clean effects', HEARING, DESCRIPTION];

/** bsmod, and the service type of descriptors: ETSI TS 102 366, 4.4.2.2 and D.3. */
const SERVICES: readonly (string | null)[] = [
  null,
  'Music and effects',
  DESCRIPTION,
  HEARING,
  'Dialogue',
  'Commentary',
  'Emergency',
  'Voice-over',
];
/** The last one in a full service. */
const KARAOKE = 15;

/** editorial_classification: ETSI EN 300 468, Table J.2. */
const EDITORIAL: ReadonlyMap<number, string> = new Map([
  [1, DESCRIPTION],
  [2, 'Clean audio'],
  [3, 'Spoken subtitles'],
  [0x17, 'Supplementary audio'],
]);

/** By the descriptor that has it; null where it says nothing else than that the sound is the main one. */
const ROLES: ReadonlyMap<number, (data: Uint8Array) => string | null> = new Map([
  [TAG.language, ([, , , type = 0]: Uint8Array) => AUDIO_TYPES[type] ?? null],
  [TAG.ac3, dvbService],
  [TAG.eac3, dvbService],
  [TAG.atscAc3, ([, , modes = 0]: Uint8Array) => serviceOf(((modes & 1) << 3) | (modes >> 5))],
  [TAG.atscEac3, ([, type = 0]: Uint8Array) => serviceOf((type >> 3) & 15)],
  [TAG.extension, supplementary],
]);

/**
 * What sound is for that is not the main one of its language, as a menu shows it: by the audio_type of the language
 * descriptor (ISO/IEC 13818-1, 2.6.19), the service type in the descriptors of AC-3 and E-AC-3, or DVB's supplementary
 * audio descriptor (ETSI EN 300 468, 6.4.11). Null for the main one.
 */
export function audioRole({ type, descriptors }: PmtStream): string | null {
  const isRead = ({ tag }: Descriptor) => ATSC.has(type) || (tag !== TAG.atscAc3 && tag !== TAG.atscEac3);
  const isExtension = ({ tag }: Descriptor) => Number(tag === TAG.extension);
  const roles = descriptors
    .filter(isRead)
    .sort((a, b) => isExtension(b) - isExtension(a))
    .map(({ tag, data }) => ROLES.get(tag)?.(data) ?? null);
  return roles.find((role) => role !== null) ?? null;
}

/** component_type, where component_type_flag is set. */
function dvbService([flags = 0, type = 0]: Uint8Array): string | null {
  return (flags & 0x80) !== 0 ? serviceOf((type >> 3) & 15) : null;
}

/** @param code full service flag, then the service type */
const serviceOf = (code: number): string | null => (code === KARAOKE ? null : (SERVICES[code & 7] ?? null));

/** mix_type 0: what is there is to be heard together with the main sound. */
function supplementary([tag, flags = 0]: Uint8Array): string | null {
  if (tag !== SUPPLEMENTARY) return null;
  const role = EDITORIAL.get((flags >> 2) & 31);
  const isMixed = (flags & 0x80) !== 0;
  return role === undefined ? null : isMixed ? role : `${role} (to be mixed)`;
}

/** ISO_639_language_code of the supplementary audio descriptor, as BCP 47: it goes before any other. Null without one. */
export function supplementaryLanguage({ descriptors }: PmtStream): string | null {
  for (const { tag, data } of descriptors) {
    const isIt = tag === TAG.extension && data[0] === SUPPLEMENTARY;
    const hasLanguage = ((data[1] ?? 0) & 1) === 1 && data.length >= 5;
    if (isIt && hasLanguage) return bcp47(String.fromCharCode(...data.subarray(2, 5)).toLowerCase());
  }
  return null;
}
