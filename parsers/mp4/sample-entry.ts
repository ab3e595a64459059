import { attempt, corrupt, MediaError, orNull } from '../../src/core/errors.ts';
import type { SubtitleText, Track } from '../../src/core/media.ts';
import type { Box } from './box.ts';
import { codecName } from './codec-names.ts';
import { decodeOnlyCodec } from './decode-only-video.ts';
import type { Bitrate } from './esds.ts';
import { streamOf } from './mp4a.ts';
import { readProtection } from './protection.ts';
import { cursorOf, firstBoxes, partOf, readableBoxes, readFullBox, restOf } from './readable-boxes.ts';
import type { AudioSetup, Told, VideoSetup } from './setup.ts';
import { readSoundEntry, type SoundEntry } from './sound-entry.ts';
import { AUDIO_CODECS } from './sound-types.ts';
import { readTextEntry } from './text-samples.ts';
import { VIDEO_CODECS } from './visual-codecs.ts';
import { readVisualEntry, type VisualEntry } from './visual-entry.ts';

interface CommonDescription {
  /** Type of the entry as the file has it: `avc1`, `encv`. */
  readonly fourcc: string;
  /** For people; of an encrypted entry, that of what was encrypted. */
  readonly sourceCodec: string;
  /** Why its samples cannot be read (encrypted, broken configuration); null when they can. */
  readonly unreadable: string | null;
  /** data_reference_index: from 1 on, into `dref`. */
  readonly dataReference: number;
  /** `btrt`, or what `esds` says; null where neither does. */
  readonly bitrate: Bitrate | null;
}

export interface VideoDescription extends CommonDescription {
  readonly kind: 'video';
  readonly entry: VisualEntry;
  /** Null where it is broken. */
  readonly codec: Told<VideoSetup> | null;
  /** Its samples are files of pictures: a track of one is a cover. */
  readonly isPicture: boolean;
}

export interface AudioDescription extends CommonDescription {
  readonly kind: 'audio';
  readonly entry: SoundEntry;
  readonly codec: Told<AudioSetup> | null;
}

export interface OtherDescription extends CommonDescription {
  readonly kind: 'subtitle' | 'other';
  /** Every sample of the subtitles is to be shown even where subtitles are not wanted. */
  readonly isForced: boolean;
  /** Null where it is none that is read. */
  readonly text: SubtitleText | null;
}

/** One entry of `stsd`: what the samples that refer to it are. */
export type SampleDescription = VideoDescription | AudioDescription | OtherDescription;

/** handler_type → kind: ISO/IEC 14496-12, 12; QuickTime File Format, Media Handlers. */
const KINDS: ReadonlyMap<string, Track['kind']> = new Map<string, Track['kind']>([
  ['vide', 'video'],
  ['pict', 'video'],
  ['soun', 'audio'],
  ['subt', 'subtitle'],
  ['text', 'subtitle'],
  ['sbtl', 'subtitle'],
  ['subp', 'subtitle'],
  ['clcp', 'subtitle'],
]);

/** What a track of that handler is. */
export const kindOfHandler = (handler: string): Track['kind'] => KINDS.get(handler) ?? 'other';

/** Edited films have some dozens; every one is read. */
const MAX_DESCRIPTIONS = 1024;

/**
 * The entries of a SampleDescriptionBox (ISO/IEC 14496-12, 8.5.2) in file order: samples refer to them by number from
 * 1 on. What is broken in one is told in its `unreadable`.
 * @throws MediaError `truncated`, `limit`, `corrupt` without a single one
 */
export function parseSampleDescriptions(stsd: Box, handler: string): SampleDescription[] {
  const { version, fields } = readFullBox(stsd);
  const count = fields.u32();
  const list: SampleDescription[] = [];
  for (const entry of readableBoxes(restOf(fields))) {
    if (list.length >= count) break;
    if (list.length >= MAX_DESCRIPTIONS)
      throw new MediaError('limit', `More than ${MAX_DESCRIPTIONS} sample descriptions`);
    list.push(readDescription({ entry, version, kind: kindOfHandler(handler) }));
  }
  if (list.length === 0) throw corrupt('stsd without an entry', stsd.start);
  return list;
}

interface OpenEntry {
  readonly entry: Box;
  /** Of `stsd`. */
  readonly version: number;
  readonly kind: Track['kind'];
}

/** As long as the fixed part of any entry. */
const BLANK_BYTES = 128;

/** An entry that is cut off within its fixed part still says what kind of track it is. */
function readDescription(open: OpenEntry): SampleDescription {
  const kind = open.kind === 'other' ? kindOfType(open.entry.type) : open.kind;
  const description = attempt(() => READERS[kind](open));
  return description instanceof MediaError
    ? brokenDescription(open.entry.type, kind, description.message)
    : description;
}

/** What a track of that kind has in the place of a description that cannot be read. */
export function brokenDescription(type: string, kind: Track['kind'], reason: string): SampleDescription {
  const bytes = new Uint8Array(BLANK_BYTES);
  const entry: Box = { type, uuid: null, start: 0, content: 0, end: bytes.length, bytes };
  return { ...READERS[kind]({ entry, version: 0, kind }), unreadable: reason };
}

const kindOfType = (type: string): Track['kind'] =>
  VIDEO_CODECS.has(type) ? 'video' : AUDIO_CODECS.has(type) ? 'audio' : 'other';

type Reader = (open: OpenEntry) => SampleDescription;

const READERS: Readonly<Record<Track['kind'], Reader>> = {
  video: readVideo,
  audio: readAudio,
  subtitle: ({ entry }) => readOther(entry, 'subtitle'),
  other: ({ entry }) => readOther(entry, 'other'),
};

/** Types whose samples are files of pictures; object types of `mp4v` that are. */
const PICTURES: ReadonlySet<string> = new Set([
  'jpeg',
  'mjpa',
  'mjpb',
  'png ',
  'mjp2',
  'tiff',
  'gif ',
  'WRLE',
]);
const PICTURE_OBJECTS: ReadonlySet<number> = new Set([0x6c, 0x6d, 0x6e]);

function readVideo({ entry: box }: OpenEntry): VideoDescription {
  const entry = readVisualEntry(box);
  const { format, objectType, common } = readCommon(box, entry);
  return {
    ...withCodec(common, () => VIDEO_CODECS.get(format)?.(entry) ?? decodeOnlyCodec({ format, box, entry })),
    kind: 'video',
    entry,
    isPicture: PICTURES.has(format) || (objectType !== null && PICTURE_OBJECTS.has(objectType)),
  };
}

function readAudio({ entry: box, version }: OpenEntry): AudioDescription {
  const entry = readSoundEntry(box, version);
  const { format, common } = readCommon(box, entry);
  const read = AUDIO_CODECS.get(format) ?? AUDIO_CODECS.get(originalFormat(entry));
  return { ...withCodec(common, () => read?.(entry) ?? null), kind: 'audio', entry };
}

/** QuickTime's `wave` repeats the type, or tells it where the entry's own says nothing. */
function originalFormat({ child }: SoundEntry): string {
  const frma = child('frma');
  return frma ? String.fromCharCode(...frma.bytes.subarray(0, 4)) : '';
}

/** SampleEntry: 8.5.2.2. */
const ENTRY_HEAD = 8;
const REFERENCE_AT = 6;
const ALL_FORCED = 2 ** 31;

/** `tx3g` begins with its display flags (3GPP TS 26.245, 5.16); children of `mp4s` stand where it does. */
function readOther(box: Box, kind: 'subtitle' | 'other'): OtherDescription {
  const content = partOf(box, ENTRY_HEAD);
  const children = firstBoxes(content, ['esds', 'sinf', 'btrt']);
  const { common } = readCommon(box, { child: (type) => children.get(type) });
  const flags = box.type === 'tx3g' ? orNull(() => cursorOf(content).u32()) : null;
  const text = kind === 'subtitle' ? readTextEntry(box.type, content) : null;
  return { ...common, kind, isForced: flags !== null && flags >= ALL_FORCED, text };
}

interface Extensions {
  child(type: string): Box | undefined;
}

/** What every entry has, its type before encryption, and the object type of MPEG-4's own entries. */
function readCommon(box: Box, extensions: Extensions) {
  const fields = cursorOf(box);
  fields.skip(REFERENCE_AT);
  const protection = readProtection(box.type, extensions.child('sinf'));
  const format = protection ? (protection.format ?? box.type) : box.type;
  const stream = MPEG4_TYPES.has(format) ? streamOf(extensions) : null;
  const objectType = stream?.objectType ?? null;
  const common: CommonDescription = {
    fourcc: box.type,
    sourceCodec: codecName(format, objectType),
    unreadable: protection?.reason ?? null,
    dataReference: fields.u16(),
    bitrate: readBitrate(extensions.child('btrt')) ?? stream?.bitrate ?? null,
  };
  return { format, objectType, common };
}

const MPEG4_TYPES: ReadonlySet<string> = new Set(['mp4a', 'mp4v', 'mp4s']);

/** Bit Rate: 8.5.2.2. */
function readBitrate(btrt: Box | undefined): Bitrate | null {
  if (!btrt) return null;
  return orNull(() => {
    const fields = cursorOf(btrt);
    fields.skip(4);
    const [peak, average] = [fields.u32(), fields.u32()];
    return peak > 0 || average > 0 ? { average, peak } : null;
  });
}

/** With the codec; where its configuration is broken, with the reason. */
function withCodec<Setup>(
  common: CommonDescription,
  read: () => Told<Setup> | null,
): CommonDescription & { readonly codec: Told<Setup> | null } {
  const codec = attempt(read);
  return codec instanceof MediaError
    ? { ...common, unreadable: common.unreadable ?? codec.message, codec: null }
    : { ...common, codec };
}
