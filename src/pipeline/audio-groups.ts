import type { AudioRenditionPlan } from './renditions.ts';
import { isStereoAac } from './transcoded/audio-forms.ts';

/** What a player can play all of, or nothing: every track in the form that the group stands for, or the nearest to it. */
export interface AudioGroup {
  readonly id: string;
  readonly members: readonly AudioRenditionPlan[];
}

/** What every browser plays. */
const STEREO = 'aac';

/**
 * One group for each form that some track has, stereo AAC first: a track without that form is there in stereo AAC,
 * and one without that as its copy (RFC 8216, 4.3.4.1.1: the same tracks in every group). Where no track has stereo
 * AAC there is one group of what there is.
 */
export function audioGroups(renditions: readonly AudioRenditionPlan[]): AudioGroup[] {
  if (renditions.length === 0) return [];
  const tracks = byTrack(renditions);
  const forms = new Set(renditions.map(formOf));
  const others = forms.has(STEREO) ? [...forms].filter((form) => form !== STEREO) : [];
  const membersOf = (form: string) =>
    tracks.flatMap((track) => inForm(track, form) ?? inForm(track, STEREO) ?? track.slice(-1));
  return [
    { id: 'audio', members: membersOf(STEREO) },
    ...others.map((form) => ({ id: `audio-${form}`, members: membersOf(form) })),
  ];
}

const inForm = (track: readonly AudioRenditionPlan[], form: string): AudioRenditionPlan | undefined =>
  track.find((rendition) => formOf(rendition) === form);

/** By codec and, for AAC, by whether it is more than stereo. */
function formOf({ track, aac }: AudioRenditionPlan): string {
  if (aac) return aac.output.channels === 2 ? STEREO : SURROUND;
  if (isStereoAac(track)) return STEREO;
  const codec = track.configs[0]?.codec ?? '';
  return codec === 'aac' ? SURROUND : codec;
}

const SURROUND = 'aac-surround';

/** The renditions of each track, in their order. */
function byTrack(renditions: readonly AudioRenditionPlan[]): AudioRenditionPlan[][] {
  const tracks = new Map<number, AudioRenditionPlan[]>();
  for (const rendition of renditions) {
    const known = tracks.get(rendition.track.id);
    if (known) known.push(rendition);
    else tracks.set(rendition.track.id, [rendition]);
  }
  return [...tracks.values()];
}
