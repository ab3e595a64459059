/** How long a frame says that it lasts, in nanoseconds; null when it does not. */
type DurationOf = (frame: Uint8Array) => number | null;

/** Codecs with frames of changing length that tell it in their first bytes: needed where such frames are laced. */
const DURATIONS: ReadonlyMap<string, DurationOf> = new Map([['A_OPUS', opusDuration]]);

/** What knows how long the frames of a codec last; gives null for all frames of most codecs. */
export const frameDurations = (codec: string): DurationOf => DURATIONS.get(codec) ?? (() => null);

/** Microseconds of one Opus frame by the two low bits of its configuration: SILK, hybrid, CELT (RFC 6716, 3.1). */
const SILK = [10_000, 20_000, 40_000, 60_000] as const;
const HYBRID = [10_000, 20_000] as const;
const CELT = [2500, 5000, 10_000, 20_000] as const;

/** The table of contents that every Opus packet begins with (RFC 6716, 3.1 and 3.2). */
function opusDuration(frame: Uint8Array): number | null {
  const [toc, count] = frame;
  if (toc === undefined) return null;
  const config = toc >> 3;
  const length = (config < 12 ? SILK[config & 3] : config < 16 ? HYBRID[config & 1] : CELT[config & 3]) ?? 0;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (count ?? 0) & 0x3f;
  return frames === 0 ? null : frames * length * 1000;
}
