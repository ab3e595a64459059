import { codecTitle, containerTitle } from './codec-titles.ts';
import type { DecoderRow, Player } from './players.ts';

/** What is to be known of a track to tell what a player does with it. */
export interface TrackFacts {
  readonly kind: 'video' | 'audio' | 'subtitle' | 'other';
  /** As it lies in the file: string of RFC 6381, else what the house or the container calls it. */
  readonly native: string;
  /** The same as segments carry it; null where it cannot be copied. */
  readonly copied: string | null;
  /** It can be had as AAC, subtitles as WebVTT. */
  readonly isEncoded: boolean;
  /** The player chooses it by itself. */
  readonly isFirst: boolean;
  /** Why it is left out, or changed; null for neither. */
  readonly reason: string | null;
}

export interface Verdict {
  readonly word: 'plays as it is' | 'copied' | 'transcoded' | 'not possible';
  readonly why: string;
}

/** What a player does with a track of a file in that container, and why; on the safe side where devices differ. */
export function judge(player: Player, container: string, track: TrackFacts): Verdict {
  if (track.kind !== 'video' && track.kind !== 'audio')
    return {
      word: track.isEncoded ? 'transcoded' : 'not possible',
      why: track.reason ?? 'neither picture nor sound',
    };
  const name = codecTitle(track.native);
  const asFile = findDecoder(player, track.native, 'file');
  const isChosen = track.isFirst || !player.playsFirstSoundOnly;
  if (player.containers.includes(container) && asFile?.support === 'yes' && isChosen)
    return {
      word: 'plays as it is',
      why: `${player.title} opens ${containerTitle(container)} and decodes ${name}`,
    };
  return inStream(player, track) ?? { word: 'not possible', why: whyNot(player, track) };
}

function inStream(player: Player, { native, copied, isEncoded }: TrackFacts): Verdict | null {
  const decoder = copied === null ? undefined : findDecoder(player, copied, 'stream');
  const name = codecTitle(copied ?? native);
  if (decoder?.support === 'yes')
    return { word: 'copied', why: `${player.title} decodes ${name}; only the container is changed` };
  if (decoder && !isEncoded)
    return { word: 'copied', why: `${name} plays only ${decoder.where}; only the container is changed` };
  if (!isEncoded) return null;
  const why = decoder
    ? `${name} plays only ${decoder.where}: it is offered as it is and as AAC`
    : `${player.title} does not decode ${name}${copied && isFileOnly(player, copied) ? ' within a stream' : ''}: it becomes AAC`;
  return { word: 'transcoded', why };
}

/** Of a track that neither plays nor can be made to play. */
function whyNot({ title }: Player, { native, copied, reason, kind }: TrackFacts): string {
  if (copied === null) return reason ?? `${codecTitle(native)} can neither be copied nor re-encoded`;
  const rest = kind === 'video' ? 'video is not re-encoded' : 'no AAC can be made of it';
  return `${title} does not decode ${codecTitle(copied)}, and ${rest}`;
}

const findDecoder = ({ decoders }: Player, codec: string, place: 'file' | 'stream'): DecoderRow | undefined =>
  decoders.find((row) => row.codec.test(codec) && (row.only === undefined || row.only === place));

const isFileOnly = ({ decoders }: Player, codec: string): boolean =>
  decoders.some((row) => row.codec.test(codec) && row.only === 'file');
