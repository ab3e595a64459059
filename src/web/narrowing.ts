import { type Failure, failure } from './failures.ts';
import type { ProbeAnswer, ProbeEncoding, ProbeTrack } from './probe-view.ts';

/** What of a title this browser can play. */
export type Narrowing =
  | { readonly kind: 'audio'; readonly audio: string; readonly leftOut: string }
  | { readonly kind: 'failure'; readonly failure: Failure };

/**
 * Which audio tracks to ask for when a browser cannot play the title as it is offered: those it can decode, or none.
 * A failure when it is the video that it cannot decode.
 * @param canPlay whether Media Source Extensions take an MP4 of that kind and codec
 */
export function narrow(
  { tracks, encoding }: ProbeAnswer,
  canPlay: (kind: 'video' | 'audio', codec: string) => boolean,
): Narrowing {
  const offered = tracks.filter(({ action }) => action !== 'omit');
  const plays = ({ kind, forms }: ProbeTrack) =>
    (kind === 'video' || kind === 'audio') && forms.some((codec) => canPlay(kind, codec));
  const video = offered.find((track) => track.kind === 'video' && !plays(track));
  if (video) {
    const { next, ...what } = undecodable('video', [video]);
    return { kind: 'failure', failure: { ...what, next: `${next}${whatEncodes(encoding)}` } };
  }
  const audio = offered.filter(({ kind }) => kind === 'audio');
  const lost = audio.filter((track) => !plays(track));
  const kept = audio.filter(plays);
  if (kept.length === 0 && !offered.some(({ kind }) => kind === 'video'))
    return { kind: 'failure', failure: undecodable('audio', lost) };
  return {
    kind: 'audio',
    audio: kept.length > 0 ? kept.map(({ index }) => index).join(',') : 'none',
    leftOut: undecodable('audio', lost).message,
  };
}

const undecodable = (kind: 'video' | 'audio', tracks: readonly ProbeTrack[]): Failure =>
  failure(
    'browser-codec',
    `This browser cannot decode the ${kind} ${[...new Set(tracks.map(codecOf))].join(', ')}.`,
  );

const codecOf = ({ codec, codecName }: ProbeTrack): string =>
  codecName ? `${codec} (${codecName})` : `${codec}`;

/** What would have this server make something that every browser decodes. */
function whatEncodes(encoding: ProbeEncoding | null): string {
  return encoding && !encoding.offered ? HELP[encoding.encoders] : '';
}

const HELP: { readonly [E in ProbeEncoding['encoders']]: string } = {
  here: ' This server could encode it; no encoder of its FFmpeg works, or the address asks for something else.',
  absent: ' A Sluice server that has FFmpeg makes H.264 of it: whoever runs this one can install it.',
  unasked: ' A Sluice server that has FFmpeg makes H.264 of it.',
};
