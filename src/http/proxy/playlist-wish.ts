import { MediaError } from '../../core/errors.ts';
import { isUrl } from '../../core/url.ts';
import type { PlaylistOptions } from '../../proxy/hls/playlist.ts';
import type { PlaylistWish, Proxied } from '../../proxy/ticket.ts';
import { type Destination, flag } from './destination.ts';

/** What is to become of a playlist. */
export interface Wished {
  /** Holds for those that it leads to, too. */
  readonly playlist: PlaylistWish;
  /** Is for this one alone. */
  readonly reading: Pick<PlaylistOptions, 'filter'>;
}

/**
 * `max_res=`, `resolution=`, `skip=`, `start_offset=`, `key_url=`, `key_only_proxy=`, `no_proxy=`,
 * `force_playlist_proxy=`.
 * @param proxied what the path asks for by itself
 * @throws MediaError `bad-request` saying what is wrong
 */
export function readPlaylistWish(destination: Destination, proxied: 'keys' | null): Wished {
  const { fields } = destination;
  const what = proxied ?? proxiedOf(destination);
  const skip = skipOf(fields.get('skip'));
  const startOffset = offsetOf(fields.get('start_offset'));
  const keyUrl = fields.get('key_url') || null;
  if (keyUrl !== null && !isUrl(keyUrl)) throw new MediaError('bad-request', 'key_url= must be a URL');
  const filter = filterOf(destination);
  return {
    playlist: {
      ...(what === null ? {} : { proxied: what }),
      ...(skip.length === 0 ? {} : { skip }),
      ...(startOffset === null ? {} : { startOffset }),
      ...(keyUrl === null ? {} : { keyUrl }),
    },
    reading: filter ? { filter } : {},
  };
}

/** Null: everything. */
function proxiedOf(destination: Destination): Proxied | null {
  if (flag(destination, 'key_only_proxy')) return 'keys';
  if (!flag(destination, 'no_proxy')) return null;
  return flag(destination, 'force_playlist_proxy') ? 'playlists' : 'nothing';
}

function filterOf(destination: Destination): PlaylistOptions['filter'] | null {
  const resolution = destination.fields.get('resolution');
  if (resolution) {
    const height = /^(\d{2,4})p$/i.exec(resolution)?.[1];
    if (height) return { kind: 'height', height: Number(height) };
    throw new MediaError('bad-request', 'resolution= must be lines with a p, as in 720p');
  }
  return flag(destination, 'max_res') ? { kind: 'highest' } : null;
}

/** `0-112,280-300.5`: seconds. */
function skipOf(text: string | undefined): readonly (readonly [number, number])[] {
  if (!text) return [];
  return text.split(',').map((part) => {
    const match = /^\s*(\d{1,7}(?:\.\d{1,6})?)\s*-\s*(\d{1,7}(?:\.\d{1,6})?)\s*$/.exec(part);
    const [from, to] = [Number(match?.[1]), Number(match?.[2])];
    if (match && from < to) return [from, to] as const;
    throw new MediaError('bad-request', 'skip= must be seconds, as in 0-112,280-300');
  });
}

function offsetOf(text: string | undefined): number | null {
  if (!text) return null;
  if (/^-?\d{1,7}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new MediaError('bad-request', 'start_offset= must be seconds, as in 12.5 or -18');
}
