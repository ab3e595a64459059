import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { videoConfigs } from '../../src/codecs/decode-only-video.ts';
import { parseDolbyVisionRecord } from '../../src/codecs/dolby-vision.ts';
import { attempt, MediaError, orNull } from '../../src/core/errors.ts';
import type {
  AudioConfig,
  AudioTrack,
  OtherTrack,
  SoundConfig,
  Track,
  VideoTrack,
} from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import type { Movie } from './movie.ts';
import type { MovieTrack } from './movie-track.ts';
import { pixelAspectOf } from './pixel-aspect.ts';
import { type Readable, type Reading, readingsOf } from './readings.ts';
import {
  type AudioDescription,
  brokenDescription,
  kindOfHandler,
  type VideoDescription,
} from './sample-entry.ts';
import type { AudioSetup, VideoSetup } from './setup.ts';
import { textReadings } from './text-samples.ts';

/** A track as the model knows it, and what its samples need. */
export interface Mp4Track {
  readonly track: Track;
  readonly source: MovieTrack;
  /** By description, of which samples name theirs from 1 on: how its samples are read; null where they cannot be. */
  readonly readings: readonly (Reading | null)[];
  /** The description, from 1 on, that its first samples have: the track is told by it, and completed by its samples. */
  readonly main: number;
  /**
   * The finished track from one sample of `main` as stored, or null when this one was of no use and the next is to be
   * tried; null itself when there is nothing to be learned. A track with a configuration need not wait for it.
   */
  readonly complete: ((sample: Uint8Array) => Mp4Track | null) | null;
}

/** The tracks in the order of the file. */
export const tracksOf = (movie: Movie): Track[] => readTracks(movie).map(({ track }) => track);

/** The same with what it takes to read their samples. */
export function readTracks(movie: Movie): Mp4Track[] {
  const chapters = new Set(movie.tracks.flatMap(({ references }) => references.get('chap') ?? []));
  return movie.tracks.map((source, index) => {
    const number = source.firstDescription ?? movie.extends.get(source.id)?.description ?? 1;
    return readTrack({ source, index, number, isChapters: chapters.has(source.id) });
  });
}

interface TrackSource {
  readonly source: MovieTrack;
  readonly index: number;
  /** Of the description that its first samples have, from 1 on; it need not exist. */
  readonly number: number;
  /** Others refer to it as the titles or pictures of their chapters. */
  readonly isChapters: boolean;
}

type Common = Omit<OtherTrack, 'kind'>;

function readTrack({ source, index, number, isChapters }: TrackSource): Mp4Track {
  const at = source.descriptions[number - 1] ? number - 1 : 0;
  const main = source.descriptions[at] ?? brokenDescription('', kindOfHandler(source.handler), '');
  const common: Common = {
    id: source.id,
    index,
    sourceCodec: main.sourceCodec,
    isEnabled: source.isEnabled,
    isDefault: source.isEnabled,
    isForced: 'isForced' in main && main.isForced,
    language: source.language,
    name: source.name,
    unreadable: source.unreadable ?? main.unreadable,
  };
  if (main.kind === 'video') {
    const list = source.descriptions.map((one) => (one.kind === 'video' ? one : null));
    const make: Make<VideoSetup> = (learned) => videoTrack({ source, main, isChapters }, learned);
    return setUp<VideoSetup>({ source, at, list, common, make }, main.codec?.setup ?? null);
  }
  if (main.kind === 'audio') {
    const list = source.descriptions.map((one) => (one.kind === 'audio' ? one : null));
    const make: Make<AudioSetup> = (learned) => audioTrack(main, learned);
    return setUp<AudioSetup>({ source, at, list, common, make }, main.codec?.setup ?? null);
  }
  const text = 'text' in main ? main.text : null;
  const isSubtitle = main.kind === 'subtitle' && !isChapters;
  const track: Track = isSubtitle
    ? { ...common, kind: 'subtitle', text, isForHearingImpaired: false }
    : { ...common, kind: 'other' };
  const texts = source.descriptions.map((one) => ('text' in one ? one.text : null));
  const readings = isSubtitle ? textReadings(texts) : [];
  return { track, source, readings, main: at + 1, complete: null };
}

/** What is known of a track's pictures or sound. */
interface Learned<Setup extends VideoSetup | AudioSetup> {
  readonly common: Common;
  readonly setup: Setup | null;
  readonly configs: readonly Setup['config'][];
}

type Make<Setup extends VideoSetup | AudioSetup> = (learned: Learned<Setup>) => Track;

interface OpenTrack<Setup extends VideoSetup | AudioSetup> {
  readonly source: MovieTrack;
  readonly common: Common;
  /** Main description, from 0 on. */
  readonly at: number;
  readonly list: readonly (Readable<Setup> | null)[];
  readonly make: Make<Setup>;
}

function setUp<Setup extends VideoSetup | AudioSetup>(open: OpenTrack<Setup>, setup: Setup | null): Mp4Track {
  const { source, at, list, make } = open;
  const finish = (setup: Setup | null, common: Common): Mp4Track => {
    const readings = readingsOf(list, at, setup);
    const track = make({ common, setup, configs: setup ? [setup.config] : [] });
    return { track, source, readings, main: at + 1, complete: null };
  };
  const now = finish(setup, open.common);
  const fromSample = list[at]?.codec?.fromSample;
  if (!fromSample || now.track.unreadable !== null) return now;
  const complete = (sample: Uint8Array): Mp4Track | null => {
    const learned = attempt(() => fromSample(sample));
    if (!(learned instanceof MediaError)) return learned && finish(learned, open.common);
    // The next samples would say the same.
    const isOver = learned.code === 'unsupported' && setup === null;
    return isOver ? finish(null, { ...open.common, unreadable: learned.message }) : null;
  };
  return { ...now, complete };
}

interface VideoSource extends Pick<TrackSource, 'source' | 'isChapters'> {
  readonly main: VideoDescription;
}

function videoTrack(
  { source, main, isChapters }: VideoSource,
  { common, setup }: Learned<VideoSetup>,
): VideoTrack {
  const { entry } = main;
  const size = setup ?? entry.cleanAperture ?? entry;
  return {
    ...common,
    kind: 'video',
    unreadable: common.unreadable ?? whyNoPicture(entry.dolbyVision),
    ...videoConfigs(setup?.config ?? null),
    width: size.width,
    height: size.height,
    pixelAspect: pixelAspectOf(entry, source, setup),
    colour: setup?.colour ?? entry.colour,
    rotation: source.rotation,
    frameRate: null,
    reorderDepth: setup?.reorderDepth ?? 0,
    masteringDisplay: entry.masteringDisplay ?? setup?.masteringDisplay ?? null,
    contentLight: entry.contentLight ?? setup?.contentLight ?? null,
    dolbyVision: setup ? (setup.dolbyVision ?? null) : entry.dolbyVision,
    isAttachedPicture: isChapters || (main.isPicture && source.sampleCount === 1),
  };
}

/** Where two tracks share the layers of Dolby Vision, one has only what enhances the other. */
function whyNoPicture(record: Uint8Array | null): string | null {
  const dolbyVision = record && orNull(() => parseDolbyVisionRecord(record));
  const isAlone = dolbyVision?.elPresent && !dolbyVision.blPresent;
  return isAlone ? 'an enhancement layer of Dolby Vision without the pictures that it enhances' : null;
}

const USUAL_RATE = 48_000;

function audioTrack(
  { entry }: AudioDescription,
  { common, setup, configs }: Learned<AudioSetup>,
): AudioTrack {
  const [config] = configs;
  return {
    ...common,
    kind: 'audio',
    configs: configs.filter(isCopied),
    decodeOnly: config && isDecodeOnly(config) ? config : null,
    sampleRate: setup?.sampleRate ?? entry.sampleRate ?? USUAL_RATE,
    channels: setup?.channels ?? (entry.channels || 2),
    frameSize: setup?.frameSize ?? null,
    frameStep: setup?.frameStep ?? null,
    codecDelay: setup?.codecDelay ?? nanoseconds(0),
    seekPreRoll: setup?.seekPreRoll ?? nanoseconds(0),
  };
}

const isCopied = (config: SoundConfig): config is AudioConfig => !isDecodeOnly(config);
