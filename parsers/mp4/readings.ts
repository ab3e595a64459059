import { parseDops } from '../../src/codecs/opus.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import { orNull } from '../../src/core/errors.ts';
import type { DecodeOnlyVideo, SoundConfig, VideoConfig } from '../../src/core/media.ts';
import { withSetsInBand } from './in-band-sets.ts';
import type { AudioSetup, CommonSetup, Told, VideoSetup } from './setup.ts';

/** How samples of one description are read. */
export interface Reading<Setup = CommonSetup> {
  readonly setup: Setup;
}

/** Of a sample description, what it takes to read samples. */
export interface Readable<Setup> {
  readonly unreadable: string | null;
  readonly codec: Told<Setup> | null;
}

/** By description, from 0 on; null where its samples cannot be read in one track with those of the main one. */
export type Readings<Setup> = readonly (Reading<Setup> | null)[];

/**
 * Pictures of one codec make one track, whatever their descriptions say; sound must be described alike.
 * @param list by description; null for one of another kind
 * @param main which of them the track is told by, from 0 on
 * @param setup that of the main one; null when it is not known
 */
export function readingsOf<Setup extends VideoSetup | AudioSetup>(
  list: readonly (Readable<Setup> | null)[],
  main: number,
  setup: Setup | null,
): Readings<Setup> {
  if (!setup) return list.map(() => null);
  const setups = list.map((one, index) => {
    const own = one?.unreadable === null ? (index === main ? setup : (one.codec?.setup ?? null)) : null;
    return own && isOfOneTrack(setup.config, own.config) ? own : null;
  });
  const isOne = setups.every((own) => own === null || isSame(setup.config, own.config));
  return setups.map((own) => own && { setup: isOne ? own : carryingSets(own) });
}

/** Sound is described alike wherever this is asked. */
const carryingSets = <Setup extends VideoSetup | AudioSetup>(setup: Setup): Setup =>
  isPictures(setup) ? { ...setup, ...withSetsInBand(setup) } : setup;

type Config = VideoConfig | SoundConfig | DecodeOnlyVideo;

const isOnlyDecoded = (config: Config): config is DecodeOnlyVideo => 'codecId' in config;

const VIDEO: ReadonlySet<string> = new Set(['h264', 'h265', 'vp9', 'av1'] satisfies VideoConfig['codec'][]);

const isPictures = (setup: VideoSetup | AudioSetup): setup is VideoSetup => VIDEO.has(setup.config.codec);

function isOfOneTrack(main: Config, own: Config): boolean {
  if (isOnlyDecoded(main) || isOnlyDecoded(own))
    return isOnlyDecoded(main) && isOnlyDecoded(own) && isDecodedAlike(main, own);
  if (VIDEO.has(main.codec)) return own.codec === main.codec;
  return isSame(main, own);
}

/** What pictures that stand alone need is in themselves. */
const isDecodedAlike = (main: DecodeOnlyVideo, own: DecodeOnlyVideo): boolean =>
  main.codec === own.codec &&
  main.codecId === own.codecId &&
  (main.codec === 'intra' || equalBytes(main.codecPrivate, own.codecPrivate));

function isSame(main: Config, own: Config): boolean {
  if (isOnlyDecoded(main) || isOnlyDecoded(own)) return true;
  const [{ record: a, ...rest }, { record: b, ...other }] = [main, own];
  if (JSON.stringify(rest) !== JSON.stringify(other)) return false;
  return equalBytes(a, b) || (main.codec === 'opus' && isSameOpus(a, b));
}

/** What is skipped at the beginning, and the rate of the original, do not matter to the packets. */
function isSameOpus(a: Uint8Array, b: Uint8Array): boolean {
  const told = (record: Uint8Array) =>
    orNull(() => JSON.stringify({ ...parseDops(record), preSkip: 0, inputSampleRate: 0 }));
  return told(a) !== null && told(a) === told(b);
}
