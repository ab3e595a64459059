/** What an FFmpeg says that it has. */
export interface Capabilities {
  /** As it says it: `5.1.9-0+deb12u1`, `n7.1`, `N-118193-g…`. */
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
  readonly hwaccels: ReadonlySet<string>;
  /** Where VA-API's device lies: `/dev/dri/renderD128`; null without one. */
  readonly renderNode: string | null;
  /** libplacebo was seen to work. */
  readonly hasPlacebo?: boolean;
}

/** Names of the lists that `-encoders` and `-filters` print: flags, the name, what it is. */
export const listedNames = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(/^ [A-Z.|]{2,6} +([\w-]+) /gm), ([, name = '']) => name));

/** Of what `-hwaccels` prints: a title, then a name a line. */
export const listedHwaccels = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(/^([a-z]\w*)$/gm), ([, name = '']) => name));

/** Of what `-version` prints; null where it is not FFmpeg that prints it. */
export const versionOf = (text: string): string | null => /^ffmpeg version (\S+)/.exec(text)?.[1] ?? null;

/** The first one that knows all the options that it is given here. */
const OLDEST = [5, 1] as const;

/** Builds from a working copy have no number, and are taken to be new. */
export function isTooOld(version: string): boolean {
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
}
