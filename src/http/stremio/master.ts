import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { Media } from '../../pipeline/library.ts';
import type { Rendition } from '../../pipeline/renditions.ts';
import { titlePlaylist } from '../../pipeline/title-playlist.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import type { AppEnv } from '../deps.ts';
import { openMedia } from '../media-request.ts';
import { answerPlaylist } from '../playlist-body.ts';
import { type PlayerAbilities, readAbilities, readPlayerRequest, widthWish } from './player-request.ts';
import { audioName, videoName } from './probe.ts';

/**
 * `/hlsv2/<anything>/master.m3u8?mediaURL=…`: the film in the forms that the player says it can play. The number in the
 * path is another one at each load and stands for nothing.
 * @param root the way to the app's root
 */
export async function answerMaster(c: Context<AppEnv>, root: string): Promise<Response> {
  const abilities = readAbilities(c);
  const { request, media, renditions } = await openFor(c, readPlayerRequest(c), abilities);
  const token = await c.var.deps.tokens.seal(request);
  const text = titlePlaylist(media.title, renditions, `${root}hls/${token}/${media.title.version}/`);
  return answerPlaylist(c, { text, cacheControl: 'no-cache' });
}

interface Chosen {
  readonly request: MediaRequest;
  readonly media: Media;
  readonly renditions: readonly Rendition[];
}

/** Opens the film; anew with H.264 where nothing that is offered by itself is for this player. */
async function openFor(c: Context<AppEnv>, plain: MediaRequest, abilities: PlayerAbilities): Promise<Chosen> {
  const wish = widthWish(abilities);
  const request = wish ? { ...plain, wish } : plain;
  const media = await openMedia(c, request, c.req.raw.signal);
  const renditions = playable(media, abilities);
  if (!media.title.video || renditions.some(({ kind }) => kind === 'video'))
    return { request, media, renditions };
  const asked = {
    ...request,
    wish: { maxHeight: null, maxBitrate: null, ...wish, forms: ['h264'] as const },
  };
  const encoded = await openMedia(c, asked, c.req.raw.signal);
  const forms = playable(encoded, abilities);
  if (forms.some(({ kind }) => kind === 'video'))
    return { request: asked, media: encoded, renditions: forms };
  throw new MediaError('not-offered', 'This player takes no form of the video that can be had here');
}

/** The forms of each track that a player can do with; of sound the AAC that there always is, if nothing else. */
function playable({ renditions }: Media, abilities: PlayerAbilities): Rendition[] {
  const { videoCodecs, audioCodecs, maxAudioChannels, isEncoded } = abilities;
  const takesVideo = (rendition: Rendition & { kind: 'video' }) => {
    const name = rendition.encoded ? ENCODED[rendition.encoded.target.codec] : videoName(rendition.track);
    return !(isEncoded && rendition.encoded === null) && (videoCodecs?.has(name) ?? true);
  };
  const takesAudio = (rendition: Rendition & { kind: 'audio' }) =>
    (audioCodecs?.has(audioName(rendition.track)) ?? true) &&
    rendition.track.channels <= (maxAudioChannels ?? Number.POSITIVE_INFINITY);
  const taken = renditions.filter((rendition) =>
    rendition.kind === 'video' ? takesVideo(rendition) : takesAudio(rendition),
  );
  const heard = new Set(
    taken.flatMap((rendition) => (rendition.kind === 'audio' ? [rendition.track.id] : [])),
  );
  // A track in a form that the player says nothing of is better than none.
  const rest = renditions.filter(
    (rendition) =>
      rendition.kind === 'audio' && !heard.has(rendition.track.id) && isFirst(renditions, rendition),
  );
  return renditions.filter((rendition) => taken.includes(rendition) || rest.includes(rendition));
}

const ENCODED = { h264: 'h264', h265: 'hevc', av1: 'av1' } as const;

/** Of the forms of its track the one that most players take: stereo AAC, where there is one, is the first. */
const isFirst = (renditions: readonly Rendition[], rendition: Rendition): boolean =>
  renditions.find((one) => one.kind === 'audio' && one.track.id === rendition.track.id) === rendition;
