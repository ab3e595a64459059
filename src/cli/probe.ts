import { describeTitle, type TitleDescription, type TrackDescription } from '../pipeline/describe-title.ts';
import { EXIT } from './exit-codes.ts';
import { type Input, type InputFlags, withInput } from './input.ts';
import { print, table } from './output.ts';
import { clock } from './text.ts';

export interface ProbeFlags extends InputFlags {
  readonly json?: boolean;
}

/** `sluice probe`: what a file is and what is done with each track; as JSON the same that `/probe` answers. */
export function probe(target: string, flags: ProbeFlags, signal: AbortSignal): Promise<number> {
  const use = async (input: Input) => {
    const encoders = input.library.encodedVideo ? 'here' : 'absent';
    const about = describeTitle(await input.openMedia(signal), encoders);
    await print(flags.json ? `${JSON.stringify(about, null, 2)}\n` : report(input.name, about));
    return EXIT.done;
  };
  return withInput(target, flags, use, 'encoded');
}

const ACTIONS = { copy: 'copied', transcode: 'transcoded', omit: 'left out' } as const;

function report(name: string, about: TitleDescription): string {
  const rows = about.tracks.map((track) => [
    String(track.index),
    track.kind,
    track.codec ?? track.sourceCodec,
    details(track),
    [track.language === 'und' ? '' : track.language, track.name ?? '', track.default ? '(default)' : '']
      .filter(Boolean)
      .join(' '),
    ACTIONS[track.action] + (track.reason ? `: ${track.reason}` : ''),
  ]);
  const head = ['#', 'Kind', 'Codec', 'Details', 'Language, name', 'What happens to it'];
  return [
    `${name}: ${about.container}, ${clock(about.duration)}, ${segments(about)}\n`,
    ...(about.info?.title ? [`Title: ${about.info.title}\n`] : []),
    '\n',
    table([head, ...rows]),
    ...(about.warnings.length > 0 ? ['\n', ...about.warnings.map((line) => `Warning: ${line}\n`)] : []),
    ...(about.silent ? [`No sound: ${about.silent}\n`] : []),
  ].join('');
}

const segments = ({ segments: count, index }: TitleDescription): string =>
  `${count} ${count === 1 ? 'segment' : 'segments'} (${index.kind})`;

/** Any field may be missing: only what a kind of track has is there. */
function details(track: TrackDescription): string {
  if ('width' in track)
    return `${track.width}x${track.height}${track.frameRate ? ` ${track.frameRate} fps` : ''}`;
  if ('channels' in track) return `${track.channels} ch ${track.sampleRate} Hz`;
  return '';
}
