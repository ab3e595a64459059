import { MediaError } from '../../src/core/errors.ts';
import { bcp47 } from '../../src/core/language.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AudioTrack, Colour, OtherTrack, PixelAspect, Track, VideoTrack } from '../../src/core/media.ts';
import { exactRate, type FrameRate, NANOSECONDS_PER_SECOND, nanoseconds } from '../../src/core/time.ts';
import type { BlockTrack } from './block.ts';
import { AUDIO_CODECS, type AudioSetup, readRate, VIDEO_CODECS, type VideoSetup } from './codec-ids.ts';
import { type ContentEncoding, readContentEncoding } from './content-encoding.ts';
import type { Master } from './ebml.ts';

/** A track as the model knows it, and as its blocks need it. */
export interface MatroskaTrack {
  readonly track: Track;
  readonly block: BlockTrack;
  /** Links to tags. */
  readonly uid: string | null;
}

const TYPE_VIDEO = 1;
const TYPE_AUDIO = 2;
const TYPE_SUBTITLE = 17;

/** Muxers round DefaultDuration to whole nanoseconds, some to microseconds. */
const RATE_PRECISION = 2000;

/** The TrackEntries in file order, without those that have no number or that of an earlier one (RFC 9559, 5.1.4). */
export function readTracks(tracks: Master): MatroskaTrack[] {
  const numbers = new Set([0]);
  const entries = tracks.masters('TrackEntry').filter((entry) => {
    const number = entry.uint('TrackNumber') ?? 0;
    const isNew = !numbers.has(number);
    numbers.add(number);
    return isNew;
  });
  if (entries.length > LIMITS.tracks)
    throw new MediaError('limit', `${entries.length} tracks, at most ${LIMITS.tracks} are read`);
  return entries.map(readTrack);
}

function readTrack(entry: Master, index: number): MatroskaTrack {
  const encoding = readContentEncoding(entry);
  const common = readCommon(entry, index, encoding);
  const type = entry.uint('TrackType');
  if (type === TYPE_VIDEO) return readVideo(entry, common, encoding);
  if (type === TYPE_AUDIO) return readAudio(entry, common, encoding);
  const track: OtherTrack = { ...common, kind: type === TYPE_SUBTITLE ? 'subtitle' : 'other' };
  return { track, block: blockTrack(entry, encoding, null), uid: entry.identity('TrackUID') };
}

/** What the codec says of itself; when that is broken, the track is named unreadable and the others still play. */
function setUp<T>(entry: Master, common: Common, read: ((entry: Master) => T | null) | undefined): SetUp<T> {
  try {
    return { setup: read?.(entry) ?? null, unreadable: common.unreadable };
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    return { setup: null, unreadable: common.unreadable ?? error.message };
  }
}

interface SetUp<T> {
  readonly setup: T | null;
  readonly unreadable: string | null;
}

type Common = Omit<OtherTrack, 'kind'>;

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

function readVideo(entry: Master, common: Common, encoding: ContentEncoding): MatroskaTrack {
  const video = entry.master('Video');
  const { setup, unreadable } = setUp(entry, common, VIDEO_CODECS.get(common.sourceCodec));
  const width = setup?.width ?? video?.uint('PixelWidth') ?? 0;
  const height = setup?.height ?? video?.uint('PixelHeight') ?? 0;
  const track: VideoTrack = {
    ...common,
    unreadable,
    kind: 'video',
    configs: setup ? [setup.config] : [],
    width,
    height,
    pixelAspect: readPixelAspect(video, setup),
    colour: setup?.colour ?? readColour(video),
    rotation: readRotation(video),
    frameRate: declaredRate(entry) ?? setup?.frameRate ?? null,
    reorderDepth: setup?.reorderDepth ?? 0,
    isAttachedPicture: /^V_(MJPEG|PNG|BMP)$/.test(common.sourceCodec),
  };
  return { track, block: blockTrack(entry, encoding, setup), uid: entry.identity('TrackUID') };
}

function readAudio(entry: Master, common: Common, encoding: ContentEncoding): MatroskaTrack {
  const audio = entry.master('Audio');
  const { setup, unreadable } = setUp(entry, common, AUDIO_CODECS.get(common.sourceCodec));
  const rate = readRate(audio, 'OutputSamplingFrequency') ?? readRate(audio, 'SamplingFrequency') ?? 8000;
  const track: AudioTrack = {
    ...common,
    unreadable,
    kind: 'audio',
    configs: setup ? [setup.config] : [],
    sampleRate: setup?.sampleRate ?? rate,
    channels: setup?.channels ?? audio?.uint('Channels') ?? 1,
    frameSize: setup?.frameSize ?? null,
  };
  return { track, block: blockTrack(entry, encoding, setup), uid: entry.identity('TrackUID') };
}

function blockTrack(
  entry: Master,
  encoding: ContentEncoding,
  setup: VideoSetup | AudioSetup | null,
): BlockTrack {
  const exact =
    setup && 'frameSize' in setup && setup.frameSize
      ? (setup.frameSize * NANOSECONDS_PER_SECOND) / setup.sampleRate
      : null;
  return {
    id: entry.uint('TrackNumber') ?? 0,
    codecDelay: entry.uint('CodecDelay') ?? 0,
    frameDuration: exact ?? (entry.uint('DefaultDuration') || null),
    strippedHeader: encoding.strippedHeader,
    isPrefixUsable: setup?.isPrefixUsable ?? true,
    normalize: setup ? setup.normalize : (frame) => frame,
  };
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

function readColour(video: Master | null): Colour | null {
  const colour = video?.master('Colour');
  if (!colour) return null;
  const unspecified = 2;
  const primaries = colour.uint('Primaries') ?? unspecified;
  const transfer = colour.uint('TransferCharacteristics') ?? unspecified;
  const matrix = colour.uint('MatrixCoefficients') ?? unspecified;
  if (primaries === unspecified && transfer === unspecified && matrix === unspecified) return null;
  return { primaries, transfer, matrix, fullRange: colour.uint('Range') === 2 };
}

/** ProjectionPoseRoll turns counter-clockwise (RFC 9559, 5.1.4.1.28.46); MP4's matrix and players clockwise. */
function readRotation(video: Master | null): number {
  const projection = video?.master('Projection');
  if (!projection || (projection.uint('ProjectionType') ?? 0) !== 0) return 0;
  const roll = projection.float('ProjectionPoseRoll') ?? 0;
  if (!Number.isFinite(roll)) return 0;
  return (((Math.round(-roll / 90) * 90) % 360) + 360) % 360;
}
