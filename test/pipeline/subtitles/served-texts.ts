import type { Cue } from '../../../src/core/cues.ts';
import { subtitleSegment } from '../../../src/pipeline/subtitles/subtitle-segment.ts';
import type { PlannedSubtitle, Title } from '../../../src/pipeline/title.ts';
import { NEVER, newCache, type Served } from '../serve.ts';

const HEAD = 'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n';

/** The cues of a segment; a body that is none is an error. */
export function cuesOfBody(body: string): Cue[] {
  if (!body.startsWith(HEAD) || !body.endsWith('\n')) throw new Error(`no segment: ${body}`);
  const blocks = body.slice(HEAD.length).trimEnd().split('\n\n');
  return blocks.filter((block) => block !== '').map((block) => readBlock(block.trimStart()));
}

function readBlock(block: string): Cue {
  const [timing = '', ...text] = block.split('\n');
  const [, start = '', end = '', settings = ''] = /^(\S+) --> (\S+) ?(.*)$/.exec(timing) ?? [];
  return { start: milliseconds(start), end: milliseconds(end), settings, text: text.join('\n') };
}

function milliseconds(text: string): number {
  const [h = '', m = '', s = ''] = text.split(':');
  return Math.round((Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1000);
}

export const bodyOf = (title: Title, subtitle: PlannedSubtitle, n: number, spans = newCache()) =>
  subtitleSegment(title, { subtitle, n }, { spans, signal: NEVER });

/** Bodies of all segments, each made alone. */
export const bodiesOf = ({ title, count }: Served, subtitle: PlannedSubtitle): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => bodyOf(title, subtitle, n)));

/** The same title with texts that are looked for in another way. */
export function asSpans(served: Served): Served {
  const subtitles = served.title.subtitles.map(({ track }) => ({ track, texts: { kind: 'spans' as const } }));
  return { ...served, title: { ...served.title, subtitles } };
}
