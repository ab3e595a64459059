import type { Context } from 'hono';
import type { VideoWish } from '../../core/encoding.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import type { AppEnv } from '../deps.ts';
import { namedMedia } from '../named-media.ts';
import { queryPairs } from '../query.ts';

/** What a player of Stremio says that it can play. Null: it says nothing of that. */
export interface PlayerAbilities {
  /** As FFmpeg names them: `h264`, `hevc`. */
  readonly videoCodecs: ReadonlySet<string> | null;
  readonly audioCodecs: ReadonlySet<string> | null;
  readonly maxAudioChannels: number | null;
  readonly maxWidth: number | null;
  /** Nothing is to be copied. */
  readonly isEncoded: boolean;
}

/** Names of one codec. */
const SAME: Readonly<Record<string, string>> = { h265: 'hevc' };

/** `videoCodecs=` and `audioCodecs=` (repeated, or with commas), `maxAudioChannels=`, `maxWidth=`, `forceTranscoding=`. */
export function readAbilities(c: Context<AppEnv>): PlayerAbilities {
  const pairs = [...queryPairs(c.req.url)];
  const last = (name: string) => pairs.findLast(([one]) => one === name)?.[1];
  const codecs = (name: string) => {
    const given = pairs
      .filter(([one]) => one === name || one === `${name}[]`)
      .flatMap(([, value]) => value.split(','));
    const names = given.map((value) => value.trim().toLowerCase()).filter((value) => value !== '');
    return names.length > 0 ? new Set(names.map((value) => SAME[value] ?? value)) : null;
  };
  return {
    videoCodecs: codecs('videoCodecs'),
    audioCodecs: codecs('audioCodecs'),
    maxAudioChannels: positive(last('maxAudioChannels')),
    maxWidth: positive(last('maxWidth')),
    isEncoded: /^(1|true)$/i.test(last('forceTranscoding') ?? ''),
  };
}

const positive = (text: string | undefined): number | null => {
  const value = /^\d{1,6}$/.test(text ?? '') ? Number(text) : 0;
  return value > 0 ? value : null;
};

/**
 * The film that a query names.
 * @param name of the field; `from=` stands for it as well
 * @throws MediaError `bad-request` for what is none
 */
export function readPlayerRequest(
  c: Context<AppEnv>,
  name: 'mediaURL' | 'videoUrl' = 'mediaURL',
): MediaRequest {
  const fields = new Map(queryPairs(c.req.url));
  const url = (fields.get(name) ?? fields.get('from') ?? '').trim();
  return namedMedia(c, url, { wrong: `${name}= must be the URL of a film` });
}

/** Of a film for players whose pictures must not be wider; null where they may. */
export function widthWish({ maxWidth }: PlayerAbilities): VideoWish | null {
  // 16:9: what is wider than that has fewer lines.
  return maxWidth === null
    ? null
    : { forms: null, maxHeight: Math.floor((maxWidth * 9) / 32) * 2, maxBitrate: null };
}
