import { MediaError } from '../core/errors.ts';

/** Variables of a process or a worker. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The error for a setting that cannot be read; its message names the setting. */
export const wrong = (message: string): MediaError => new MediaError('bad-request', message);

export const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** What commas separate. */
export const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** A switch that is misspelt must not look like one that is off. */
export function isYes(name: string, text: string | undefined): boolean {
  if (/^(1|true|yes|on)$/i.test(text ?? '')) return true;
  if (/^(0|false|no|off|)$/i.test(text ?? '')) return false;
  throw wrong(`${name} must be 1 or 0, not "${text}"`);
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function integer(name: string, text: string, { min, max }: Range): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}
