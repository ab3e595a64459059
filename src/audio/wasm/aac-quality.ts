import { AAC_FRAME, AacSession } from './aac-session.ts';
import type { NativeInstance } from './instance.ts';

/**
 * Where the fields lie that the bridge has no function for, as offsets in bytes. They differ between builds, so that
 * they are looked for and what is found must prove itself.
 */
export interface QualityFields {
  /** `flags` of the `AVCodecContext`. */
  readonly flags: number;
  /** Its pointer to the encoder's own context. */
  readonly own: number;
  /** `lambda` in there: how much noise is allowed for, 120 at first. */
  readonly lambda: number;
}

/** AV_CODEC_FLAG_QSCALE: lambda stays as it is. */
const CONSTANT_QUALITY = 1 << 1;
/** AV_CODEC_FLAG_BITEXACT: no name of the encoder in every 256th packet. */
const NAMELESS = 1 << 23;
const FIRST_LAMBDA = 120;
/** Of the contexts, what is searched: the encoder's own one has 554 KiB, with lambda at 37. */
const CONTEXT_BYTES = 256;
const OWN_BYTES = 128 * 1024;
/** Candidates that are put to the proof; there was one in the builds seen. */
const MAX_CANDIDATES = 8;
/** A rate that is no field's value by chance. */
const TRIAL = { rate: 48_000, channels: 1, bitRate: 95_871 } as const;
const TRIAL_FRAMES = 10;

/** Fixes the quality of an encoder that has not got a frame yet. */
export function setQuality(
  instance: NativeInstance,
  { context }: AacSession,
  fields: QualityFields,
  lambda: number,
): void {
  const { view } = instance;
  const flags = view.getUint32(context + fields.flags, true);
  view.setUint32(context + fields.flags, flags | CONSTANT_QUALITY | NAMELESS, true);
  view.setFloat32(view.getUint32(context + fields.own, true) + fields.lambda, lambda, true);
}

/** Null where no field is found, or where setting what is found does not do what it must. */
export function findQualityFields(instance: NativeInstance): QualityFields | null {
  const sessions = [new AacSession(instance, TRIAL), new AacSession(instance, TRIAL)] as const;
  try {
    const found = candidates(instance, [sessions[0].context, sessions[1].context]);
    return found.slice(0, MAX_CANDIDATES).find((fields) => isProven(instance, fields)) ?? null;
  } finally {
    for (const session of sessions) session.close();
  }
}

/** Pointers before the flags that two encoders do not share, with every place where both have the first lambda. */
function candidates(instance: NativeInstance, [one, other]: readonly [number, number]): QualityFields[] {
  const { view } = instance;
  const flags = flagsIn(view, one);
  if (flags === null || flags !== flagsIn(view, other)) return [];
  const found: QualityFields[] = [];
  for (let own = 0; own < flags; own += 4) {
    const [a, b] = [view.getUint32(one + own, true), view.getUint32(other + own, true)];
    if (a === b || !isInside(view, a) || !isInside(view, b)) continue;
    for (let lambda = 0; lambda < OWN_BYTES; lambda += 4) {
      const isIt = [a, b].every((at) => view.getFloat32(at + lambda, true) === FIRST_LAMBDA);
      if (isIt) found.push({ flags, own, lambda });
    }
  }
  return found;
}

const isInside = (view: DataView, at: number): boolean =>
  at > 0 && at % 4 === 0 && at + OWN_BYTES <= view.byteLength;

/** `flags` stand behind the 64 bits of `bit_rate`. */
function flagsIn(view: DataView, context: number): number | null {
  for (let at = 0; at < CONTEXT_BYTES; at += 8)
    if (view.getBigInt64(context + at, true) === BigInt(TRIAL.bitRate)) return at + 8;
  return null;
}

/** Lambda is still there behind a run of frames, and decides how large the packets get. */
function isProven(instance: NativeInstance, fields: QualityFields): boolean {
  const [coarse, same, fine] = [20, 20, 400].map((lambda) => trial(instance, fields, lambda));
  return coarse !== undefined && coarse === same && fine !== undefined && coarse > 0 && fine > 1.2 * coarse;
}

/** Bytes of the trial at a lambda; 0 where that did not stay. */
function trial(instance: NativeInstance, fields: QualityFields, lambda: number): number {
  const session = new AacSession(instance, TRIAL);
  try {
    setQuality(instance, session, fields, lambda);
    const packets = Array.from({ length: TRIAL_FRAMES }, (_, i) =>
      session.send([SOUND], i * AAC_FRAME),
    ).flat();
    const { view } = instance;
    const left = view.getFloat32(view.getUint32(session.context + fields.own, true) + fields.lambda, true);
    return left === lambda ? packets.reduce((sum, { length }) => sum + length, 0) : 0;
  } finally {
    session.close();
  }
}

/** A chord and some noise, the same on every machine. */
const SOUND = Float32Array.from({ length: TRIAL_FRAMES * AAC_FRAME }, (_, i) => {
  const chord = ((i % 97) / 97 + (i % 61) / 61 - 1) / 4;
  return chord + ((Math.imul(i + 1, 0x9e3779b1) >>> 16) / 65_536 - 0.5) / 4;
});
