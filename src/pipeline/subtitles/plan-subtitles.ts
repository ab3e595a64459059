import type { Demuxer } from '../../core/contracts.ts';
import type { SubtitleTrack } from '../../core/media.ts';
import type { Survey } from '../survey.ts';
import type { PlannedSubtitle, TextsFrom } from '../title.ts';

interface Known {
  readonly demuxer: Demuxer;
  readonly survey: Pick<Survey, 'texts'>;
}

/** Costs no byte: what is not known of texts by now is read with the segments. */
export const planSubtitles = (tracks: readonly SubtitleTrack[], known: Known): PlannedSubtitle[] =>
  tracks.map((track) => ({ track, texts: textsFrom(track, known) }));

function textsFrom({ id }: SubtitleTrack, { demuxer, survey }: Known): TextsFrom {
  const samples = survey.texts?.get(id);
  if (samples) return { kind: 'seen', samples };
  const index = demuxer.texts?.(id);
  return index ? { kind: 'index', index } : { kind: 'spans' };
}
