import { type Config, readConfig } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import { type Bindings, isBucket, type R2Bucket } from './platform.ts';

/** What bindings and variables say, checked. */
export interface EdgeSettings {
  readonly config: Config;
  readonly secret: string;
  /** Of one request. */
  readonly subrequests: number;
  /** Whether sound that cannot be copied becomes AAC: it takes some 40 ms of CPU a second of sound. */
  readonly encodesSound: boolean;
  readonly buckets: ReadonlyMap<string, R2Bucket>;
  /** Those that whoever reaches the worker may read from. */
  readonly publicBuckets: ReadonlySet<string>;
}

/** As the free plan has it. */
const SUBREQUESTS = { least: 10, usual: 50, most: 10_000 };

/** @throws MediaError `not-offered` without a secret, `bad-request` naming the setting that cannot be read */
export function readSettings(bindings: Bindings): EdgeSettings {
  const texts = Object.fromEntries(
    Object.entries(bindings).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const config = readConfig({}, texts);
  if (config.secret === null)
    throw new MediaError(
      'not-offered',
      'This worker has no secret yet, which its addresses are sealed with. Set one: npx wrangler secret put SLUICE_SECRET',
    );
  const buckets = Object.entries(bindings).filter((entry): entry is [string, R2Bucket] => isBucket(entry[1]));
  return {
    config,
    secret: config.secret,
    subrequests: subrequests(texts.SLUICE_SUBREQUESTS),
    encodesSound: isOn('SLUICE_AAC', texts.SLUICE_AAC),
    buckets: new Map(buckets),
    publicBuckets: new Set((texts.SLUICE_R2_PUBLIC ?? '').split(',').map((name) => name.trim())),
  };
}

function subrequests(text = ''): number {
  const { least, usual, most } = SUBREQUESTS;
  const count = text === '' ? usual : Number(text);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new MediaError(
    'bad-request',
    `SLUICE_SUBREQUESTS must be a whole number from ${least} to ${most}, not "${text}"`,
  );
}

function isOn(name: string, text = ''): boolean {
  if (/^(on|1|true|yes)$/i.test(text)) return true;
  if (/^(off|0|false|no|)$/i.test(text)) return false;
  throw new MediaError('bad-request', `${name} must be on or off, not "${text}"`);
}
