import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { videoConfigs } from '../../src/codecs/decode-only-video.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bcp47 } from '../../src/core/language.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type {
  AudioTrack,
  OtherTrack,
  PixelAspect,
  SubtitleTrack,
  Track,
  VideoTrack,
} from '../../src/core/media.ts';
import { exactRate, type FrameRate, NANOSECONDS_PER_SECOND, nanoseconds } from '../../src/core/time.ts';
import { isPictureFile } from './attached-picture.ts';
import type { BlockTrack } from './block.ts';
import { type CodecDelay, readCodecDelay } from './codec-delay.ts';
import { AUDIO_CODECS, VIDEO_CODECS } from './codec-ids.ts';
import { decodeOnlySetup } from './codecs/decode-only-video.ts';
import { readRate } from './codecs/rate.ts';
import { textSetup } from './codecs/subtitles.ts';
import { readColour, readContainerRange, readDolbyVisionConfig } from './colour.ts';
import { type ContentEncoding, readContentEncoding } from './content-encoding.ts';
import type { Master } from './ebml.ts';
import { frameDurations } from './frame-duration.ts';
import { resolveCodec } from './legacy-codec-ids.ts';
import { type AudioSetup, isPending, type PendingSetup, type VideoSetup } from './setup.ts';

/** A track as the model knows it, and as its blocks need it. */
export interface MatroskaTrack {
  readonly track: Track;
  readonly block: BlockTrack;
  /** Links to tags. */
  readonly uid: string | null;
  /**
   * The finished track from one of its frames, as decoded from the file, or null when this one was of no use;
   * null itself when there is nothing to wait for.
   */
  readonly complete: ((frame: Uint8Array, isKey: boolean) => MatroskaTrack | null) | null;
  /** Where there is something to wait for: it can be read without that as well. */
  readonly isUsable: boolean;
}

const TYPE_VIDEO = 1;
const TYPE_AUDIO = 2;
const TYPE_SUBTITLE = 17;

/** Muxers round DefaultDuration to whole nanoseconds, some to microseconds. */
const RATE_PRECISION = 2000;

/**
 * The TrackEntries in file order, without those that have no number or that of an earlier one (RFC 9559, 5.1.4).
 * @param muxingApp of Info: some wrote CodecDelay in their own way
 */
export function readTracks(tracks: Master, muxingApp: string | null = null): MatroskaTrack[] {
  const numbers = new Set([0]);
  const entries = tracks.masters('TrackEntry').filter((entry) => {
    const number = entry.uint('TrackNumber') ?? 0;
    const isNew = !numbers.has(number);
    numbers.add(number);
    return isNew;
  });
  if (entries.length > LIMITS.tracks)
    throw new MediaError('limit', `${entries.length} tracks, at most ${LIMITS.tracks} are read`);
  return entries.map((entry, index) => readTrack(entry, index, muxingApp));
}

/** A TrackEntry with what the making of its track needs. */
interface OpenEntry {
  /** Its CodecPrivate decoded and that of the modern CodecID. */
  readonly entry: Master;
  readonly codec: string;
  readonly privateData: Uint8Array | null;
  readonly common: Common;
  readonly encoding: ContentEncoding;
  readonly codecDelay: CodecDelay;
}

type Common = Omit<OtherTrack, 'kind'>;

function readTrack(stored: Master, index: number, muxingApp: string | null): MatroskaTrack {
  const encoding = readContentEncoding(stored);
  const decoded = stored.withBinary('CodecPrivate', encoding.privateData);
  const { id: codec, privateData, sourceCodec, isOfAvi } = resolveCodec(decoded);
  const entry = decoded.withBinary('CodecPrivate', privateData);
  const common = { ...readCommon(entry, index, encoding), sourceCodec };
  const codecDelay = readCodecDelay(entry, muxingApp);
  const open: OpenEntry = { entry, codec, privateData, common, encoding, codecDelay };
  const type = entry.uint('TrackType');
  if (type === TYPE_VIDEO) {
    const decodeOnly = (video: Master) => decodeOnlySetup(video, { codec, isOfAvi });
    return setUp(open, VIDEO_CODECS.get(codec) ?? decodeOnly, videoTrack);
  }
  if (type === TYPE_AUDIO) return setUp(open, AUDIO_CODECS.get(codec), audioTrack);
  if (type === TYPE_SUBTITLE) return subtitleTrack(open);
  return setUp(open, undefined, () => ({ ...common, kind: 'other' }));
}

/** What it shows is told by its CodecID alone: no frame needs to be waited for. */
function subtitleTrack(open: OpenEntry): MatroskaTrack {
  const { entry, codec, privateData, common } = open;
  const setup = textSetup(codec, privateData);
  const track: SubtitleTrack = {
    ...common,
    kind: 'subtitle',
    text: setup?.text ?? null,
    isForHearingImpaired: entry.uint('FlagHearingImpaired') === 1,
  };
  const made = setUp(open, undefined, () => track);
  return setup ? { ...made, block: { ...made.block, isPrefixUsable: false, ...setup.block } } : made;
}

type ReadSetup<S> = (entry: Master, privateData: Uint8Array | null) => S | PendingSetup<S> | null;

/**
 * The track by what its codec says of itself. When that is broken the track is named unreadable and the others still
 * play; when only its frames tell, it can be completed from them.
 */
function setUp<S extends VideoSetup | AudioSetup>(
  open: OpenEntry,
  read: ReadSetup<S> | undefined,
  make: (open: OpenEntry, setup: S | null) => Track,
): MatroskaTrack {
  const finish = (setup: S | null, common = open.common): MatroskaTrack => ({
    track: make({ ...open, common }, setup),
    block: blockTrack(open, setup),
    uid: open.entry.identity('TrackUID'),
    complete: null,
    isUsable: false,
  });
  const setup = attempt(() => read?.(open.entry, open.privateData) ?? null);
  if (setup instanceof MediaError)
    return finish(null, { ...open.common, unreadable: open.common.unreadable ?? setup.message });
  if (setup === null || !isPending(setup)) return finish(setup);
  return {
    ...finish(setup.orElse ?? null),
    isUsable: setup.orElse !== undefined,
    complete: open.common.unreadable === null ? completion(setup, open.common, finish) : null,
  };
}

/** A frame that says what cannot be read ends the search: the next ones would say the same. */
const completion =
  <S>(
    pending: PendingSetup<S>,
    common: Common,
    finish: (setup: S | null, common: Common) => MatroskaTrack,
  ): MatroskaTrack['complete'] =>
  (frame, isKey) => {
    const setup = attempt(() => pending.fromFrame(frame, isKey));
    if (!(setup instanceof MediaError)) return setup && finish(setup, common);
    return setup.code === 'unsupported' ? finish(null, { ...common, unreadable: setup.message }) : null;
  };

function attempt<T>(read: () => T): T | MediaError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) return error;
    throw error;
  }
}

const readCommon = (entry: Master, index: number, encoding: ContentEncoding): Common => ({
  id: entry.uint('TrackNumber') ?? 0,
  index,
  sourceCodec: entry.string('CodecID') ?? '',
  isEnabled: entry.uint('FlagEnabled') !== 0,
  isDefault: entry.uint('FlagDefault') !== 0,
  isForced: entry.uint('FlagForced') === 1,
  language: bcp47(entry.string('LanguageBCP47') ?? entry.string('Language') ?? 'eng'),
  name: entry.string('Name') || null,
  unreadable: encoding.unreadable,
});

function videoTrack({ entry, codec, common }: OpenEntry, setup: VideoSetup | null): VideoTrack {
  const video = entry.master('Video');
  const range = readContainerRange(video);
  return {
    ...common,
    kind: 'video',
    ...videoConfigs(setup?.config ?? null),
    width: setup?.width ?? video?.uint('PixelWidth') ?? 0,
    height: setup?.height ?? video?.uint('PixelHeight') ?? 0,
    pixelAspect: readPixelAspect(video, setup),
    colour: setup?.colour ?? readColour(video),
    rotation: readRotation(video),
    frameRate: declaredRate(entry) ?? setup?.frameRate ?? null,
    reorderDepth: setup?.reorderDepth ?? 0,
    masteringDisplay: range.masteringDisplay ?? setup?.masteringDisplay ?? null,
    contentLight: range.contentLight ?? setup?.contentLight ?? null,
    dolbyVision: setup ? (setup.dolbyVision ?? null) : readDolbyVisionConfig(entry),
    isAttachedPicture: isPictureFile(codec) && !entry.uint('DefaultDuration'),
  };
}

function audioTrack({ entry, common, codecDelay }: OpenEntry, setup: AudioSetup | null): AudioTrack {
  const audio = entry.master('Audio');
  const rate = readRate(audio, 'OutputSamplingFrequency') ?? readRate(audio, 'SamplingFrequency') ?? 8000;
  return {
    ...common,
    kind: 'audio',
    ...configsOf(setup),
    sampleRate: setup?.sampleRate ?? rate,
    channels: setup?.channels ?? audio?.uint('Channels') ?? 1,
    frameSize: setup?.frameSize ?? null,
    frameStep: setup?.frameStep ?? null,
    codecDelay: nanoseconds(codecDelay.delay),
    seekPreRoll: nanoseconds(Math.min(entry.uint('SeekPreRoll') ?? 0, MAX_PRE_ROLL)),
  };
}

function configsOf(setup: AudioSetup | null): Pick<AudioTrack, 'configs' | 'decodeOnly'> {
  if (!setup) return { configs: [], decodeOnly: null };
  const { config } = setup;
  return isDecodeOnly(config) ? { configs: [], decodeOnly: config } : { configs: [config], decodeOnly: null };
}

/** Opus wants 80 ms; what asks for more than ten seconds is damaged. */
const MAX_PRE_ROLL = 10 * NANOSECONDS_PER_SECOND;

function blockTrack(
  { entry, codec, encoding, codecDelay }: OpenEntry,
  setup: VideoSetup | AudioSetup | null,
): BlockTrack {
  const exact =
    setup && 'frameSize' in setup && setup.frameSize
      ? (setup.frameSize * NANOSECONDS_PER_SECOND) / setup.sampleRate
      : null;
  return {
    id: entry.uint('TrackNumber') ?? 0,
    codecDelay: codecDelay.offset,
    timestampScale: trackTimestampScale(entry),
    frameDuration: exact ?? (entry.uint('DefaultDuration') || null),
    durationOf: setup?.durationOf ?? frameDurations(codec),
    isPrefixUsable: encoding.isPrefixUsable && (setup?.isPrefixUsable ?? true),
    decode: encoding.decode,
    normalize: setup ? setup.normalize : (frame) => frame,
    joiner: setup?.joiner ?? null,
  };
}

/** TrackTimestampScale (RFC 9559, 5.1.4.1.15); 1 where it is none that a track can be played with. */
function trackTimestampScale(entry: Master): number {
  const scale = entry.float('TrackTimestampScale') ?? 1;
  return scale >= 0.01 && scale <= 100 ? scale : 1;
}

/** The rate behind DefaultDuration (RFC 9559, 5.1.4.1.14): a standard one if it can be, else the exact fraction. */
function declaredRate(entry: Master): FrameRate | null {
  const duration = entry.uint('DefaultDuration');
  if (!duration || duration > NANOSECONDS_PER_SECOND * 10) return null;
  const exact = exactRate(nanoseconds(duration), RATE_PRECISION);
  if (exact) return exact;
  const divisor = greatestCommonDivisor(NANOSECONDS_PER_SECOND, duration);
  return { num: NANOSECONDS_PER_SECOND / divisor, den: duration / divisor };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

/**
 * Display size against coded size, when it says something that the bitstream does not: muxers round it to whole
 * pixels, so within 1 % the bitstream's own ratio stands.
 */
function readPixelAspect(video: Master | null, setup: VideoSetup | null): PixelAspect {
  const own = setup?.pixelAspect ?? { h: 1, v: 1 };
  const width = video?.uint('DisplayWidth');
  const height = video?.uint('DisplayHeight');
  if (!video || !width || !height || (video.uint('DisplayUnit') ?? 0) !== 0) return own;
  const codedWidth = (video.uint('PixelWidth') ?? 0) - crop(video, 'Left') - crop(video, 'Right');
  const codedHeight = (video.uint('PixelHeight') ?? 0) - crop(video, 'Top') - crop(video, 'Bottom');
  if (codedWidth <= 0 || codedHeight <= 0) return own;
  const h = width * codedHeight;
  const v = height * codedWidth;
  if (!Number.isSafeInteger(h) || !Number.isSafeInteger(v)) return own;
  if (Math.abs(h / v / (own.h / own.v) - 1) <= 0.01) return own;
  const divisor = greatestCommonDivisor(h, v);
  return { h: h / divisor, v: v / divisor };
}

const crop = (video: Master, side: 'Left' | 'Right' | 'Top' | 'Bottom'): number =>
  video.uint(`PixelCrop${side}`) ?? 0;

/** ProjectionPoseRoll turns counter-clockwise (RFC 9559, 5.1.4.1.28.46); MP4's matrix and players clockwise. */
function readRotation(video: Master | null): number {
  const projection = video?.master('Projection');
  if (!projection || (projection.uint('ProjectionType') ?? 0) !== 0) return 0;
  const roll = projection.float('ProjectionPoseRoll') ?? 0;
  if (!Number.isFinite(roll)) return 0;
  return (((Math.round(-roll / 90) * 90) % 360) + 360) % 360;
}
