import { readRange } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import { describeTitle } from '../pipeline/describe-title.ts';
import type { Media } from '../pipeline/library.ts';
import type { Rendition } from '../pipeline/renditions.ts';
import type { TrackDecision } from '../pipeline/select-tracks.ts';
import { containerTitle } from './codec-titles.ts';
import { EXIT } from './exit-codes.ts';
import { type Input, type InputFlags, withInput } from './input.ts';
import { print, table } from './output.ts';
import { PLAYER_NAMES, PLAYERS, type Player, type PlayerName } from './players.ts';
import { judge, type TrackFacts, type Verdict } from './verdict.ts';

export interface WhyFlags extends InputFlags {
  readonly for: string;
  readonly strict?: boolean;
}

/** `sluice why`: one line for each track, what a player does with it and why. */
export function why(target: string, flags: WhyFlags, signal: AbortSignal): Promise<number> {
  const player = playerNamed(flags.for);
  return withInput(target, flags, async (input) => {
    const media = await input.openMedia(signal);
    const container = await containerOf(input, media, signal);
    const facts = trackFacts(media);
    const verdicts = facts.map((track) => judge(player, container, track));
    await print(
      `${opening(player, container)}\n\n${lines(media.title.decisions, verdicts)}${notes(player, media)}`,
    );
    const isPartly = verdicts.some(({ word }, i) => word === 'not possible' && isSeenOrHeard(facts[i]));
    return flags.strict && isPartly ? EXIT.partly : EXIT.done;
  });
}

function playerNamed(name: string): Player {
  const known = PLAYER_NAMES.find((each): each is PlayerName => each === name.toLowerCase());
  if (known) return PLAYERS[known];
  throw new MediaError('bad-request', `--for must be one of ${PLAYER_NAMES.join(', ')}, not "${name}"`);
}

const isSeenOrHeard = (track: TrackFacts | undefined): boolean =>
  track?.kind === 'video' || track?.kind === 'audio';

function opening({ title, containers, rareContainers }: Player, container: string): string {
  const name = containerTitle(container);
  if (containers.includes(container)) return `${title} opens ${name} by itself.`;
  const where = rareContainers[container];
  return where
    ? `Only ${where} open ${name} by themselves; Sluice repackages it as HLS.`
    : `${title} does not open ${name}; Sluice repackages it as HLS.`;
}

const lines = (decisions: readonly TrackDecision[], verdicts: readonly Verdict[]): string =>
  table(
    decisions.map(({ track }, i) => [
      String(track.index),
      track.kind,
      track.language === 'und' ? '' : track.language,
      verdicts[i]?.word ?? '',
      verdicts[i]?.why ?? '',
    ]),
  );

/** What else may keep it from playing; warnings that name Chrome are for Chrome. */
const notes = (player: Player, media: Media): string =>
  describeTitle(media)
    .warnings.filter((text) => player === PLAYERS.chrome || !text.includes('Chrome'))
    .map((text) => `\nNote: ${text}\n`)
    .join('');

/** Bytes within which a Matroska file says which kind it is: the EBML header stands first. */
const DOCTYPE_WITHIN = 64;

/** WebM is told from other Matroska by its DocType: players open it where they do not open those. */
async function containerOf(input: Input, { title }: Media, signal: AbortSignal): Promise<string> {
  const { container } = title.demuxer;
  if (container !== 'matroska') return container;
  const { source } = await input.openSource();
  const head = await readRange(source, { start: 0, end: DOCTYPE_WITHIN }, signal);
  return new TextDecoder('latin1').decode(head).includes('webm') ? 'webm' : container;
}

export function trackFacts({ title, renditions }: Media): TrackFacts[] {
  const taken = new Set<string>();
  return title.decisions.map(({ track, action, reason }) => {
    const own = renditions.filter((rendition) => trackOf(rendition).id === track.id);
    const copy = own.find((rendition) => rendition.kind === 'video' || rendition.aac === null);
    const isFirst = !taken.has(track.kind);
    taken.add(track.kind);
    const decoded = track.kind === 'audio' ? track.decodeOnly?.codec : undefined;
    return {
      kind: track.kind,
      native: copy?.codecString ?? decoded ?? track.sourceCodec,
      copied: copy?.codecString ?? null,
      isEncoded:
        (track.kind === 'subtitle' && action !== 'omit') ||
        own.some((rendition) => rendition.kind === 'audio' && rendition.aac !== null),
      isFirst,
      reason,
    };
  });
}

const trackOf = (rendition: Rendition) =>
  rendition.kind === 'video' ? rendition.video.track : rendition.track;
