import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import type { SoundConfig, VideoConfig } from '../../src/core/media.ts';
import type { AudioSetup, Told, VideoSetup } from './setup.ts';

/** How samples of one description are read. */
export interface Reading<Setup = VideoSetup | AudioSetup> {
  /** Which of the track's configurations they need. */
  readonly configId: number;
  readonly setup: Setup;
}

/** Of a sample description, what it takes to read samples. */
export interface Readable<Setup> {
  readonly unreadable: string | null;
  readonly codec: Told<Setup> | null;
}

export interface Readings<Setup extends VideoSetup | AudioSetup> {
  /** The main description's first; equal ones once. */
  readonly configs: readonly Setup['config'][];
  /** By description, from 0 on; null where its samples cannot be read in one track with those of the main one. */
  readonly readings: readonly (Reading<Setup> | null)[];
}

/**
 * @param list by description; null for one of another kind
 * @param main which of them the track is told by, from 0 on
 * @param setup that of the main one; null when it is not known
 */
export function readingsOf<Setup extends VideoSetup | AudioSetup>(
  list: readonly (Readable<Setup> | null)[],
  main: number,
  setup: Setup | null,
): Readings<Setup> {
  if (!setup) return { configs: [], readings: list.map(() => null) };
  const configs: Setup['config'][] = [setup.config];
  const readings = list.map((one, index) => {
    const own = one?.unreadable === null ? (index === main ? setup : one.codec?.setup) : null;
    if (!own) return null;
    const known = configs.findIndex((config) => isSame(config, own.config));
    if (known >= 0) return { configId: known, setup: own };
    if (isDecoded(setup.config) || isDecoded(own.config)) return null;
    return { configId: configs.push(own.config) - 1, setup: own };
  });
  return { configs, readings };
}

type Config = VideoConfig | SoundConfig;

const VIDEO: ReadonlySet<string> = new Set(['h264', 'h265', 'vp9', 'av1'] satisfies VideoConfig['codec'][]);

/** A track has one configuration that is only decoded. */
const isDecoded = (config: Config): boolean =>
  !VIDEO.has(config.codec) && isDecodeOnly(config as SoundConfig);

function isSame({ record: a, ...rest }: Config, { record: b, ...other }: Config): boolean {
  return JSON.stringify(rest) === JSON.stringify(other) && equalBytes(a, b);
}
