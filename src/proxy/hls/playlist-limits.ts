import { MediaError } from '../../core/errors.ts';

/** Maxima of what a playlist may cost, with what forces each. Lengths are in characters. */
export const PLAYLIST_LIMITS = {
  /** A day of two-second segments with signed addresses of 300 characters is 14 MiB. */
  text: 16 * 1024 * 1024,
  /** A day of two-second segments with four tags each. */
  lines: 200_000,
  /** Signed addresses have up to 4 KiB; an EXT-X-MAP or a key in a data: URL is the longest line that was seen. */
  line: 64 * 1024,
  /** All addresses made absolute: a short line on a long base is many times longer than it was written. */
  urls: 128 * 1024 * 1024,
  /** What is written, with proxied addresses: twice that is more than a string of V8 holds. */
  written: 256 * 1024 * 1024,
  /** Formats of keys at a time; a playlist for every system of rights has five. */
  keyFormats: 32,
  /** Names and values that are handed to child playlists: they travel in the addresses of those. */
  variables: 8 * 1024,
} as const;

/** @throws MediaError `limit` where `value` is over the maximum */
export function checkLimit(name: keyof typeof PLAYLIST_LIMITS, value: number): void {
  if (value > PLAYLIST_LIMITS[name])
    throw new MediaError(
      'limit',
      `The playlist is larger than what is read (${name}: at most ${PLAYLIST_LIMITS[name]})`,
    );
}
