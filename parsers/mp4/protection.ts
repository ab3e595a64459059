import { orNull } from '../../src/core/errors.ts';
import { type Box, printable } from './box.ts';
import { cursorOf, firstBoxes, readFullBox } from './readable-boxes.ts';

/** Sample entries that stand for another: ISO/IEC 14496-12, 8.12; `drm…` and `p608` are FairPlay's. */
const PROTECTED: ReadonlyMap<string, string> = new Map([
  ...['encv', 'enca', 'enct', 'encs', 'encm', 'enc3', 'encu'].map(
    (type) => [type, 'unknown scheme'] as const,
  ),
  ...['drmi', 'drms', 'drmt', 'p608'].map((type) => [type, 'FairPlay'] as const),
]);

export interface Protection {
  /** Type of the entry before it was encrypted; null where the file does not say. */
  readonly format: string | null;
  /** Begins with `encrypted`. */
  readonly reason: string;
}

/**
 * How the samples of an entry are encrypted; null when they are not.
 * @param sinf ProtectionSchemeInfoBox of the entry: 8.12.2
 */
export function readProtection(type: string, sinf: Box | undefined): Protection | null {
  const usual = PROTECTED.get(type);
  if (usual === undefined) return null;
  const parts = firstBoxes(sinf, ['frma', 'schm']);
  const [original, scheme] = [parts.get('frma'), parts.get('schm')];
  const name = scheme ? orNull(() => fourcc(readFullBox(scheme).fields.bytes(4))) : null;
  return {
    format: original ? orNull(() => fourcc(cursorOf(original).bytes(4))) : null,
    reason: `encrypted (${name ? printable(name) : usual})`,
  };
}

const fourcc = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
