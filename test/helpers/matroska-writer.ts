import { crc32 as crc } from 'node:zlib';

/** Writes EBML (RFC 8794) and Matroska (RFC 9559) as data, well-formed or odd, independent of the parser under test. */

export type Content = Uint8Array | readonly Content[];

/** Element IDs by their names in RFC 9559, with the length marker. */
export const ID = {
  EBML: 0x1a45dfa3,
  EBMLVersion: 0x4286,
  EBMLReadVersion: 0x42f7,
  EBMLMaxIDLength: 0x42f2,
  EBMLMaxSizeLength: 0x42f3,
  DocType: 0x4282,
  DocTypeVersion: 0x4287,
  DocTypeReadVersion: 0x4285,
  Void: 0xec,
  CRC32: 0xbf,
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Seek: 0x4dbb,
  SeekID: 0x53ab,
  SeekPosition: 0x53ac,
  Info: 0x1549a966,
  SegmentUUID: 0x73a4,
  TimestampScale: 0x2ad7b1,
  Duration: 0x4489,
  DateUTC: 0x4461,
  Title: 0x7ba9,
  MuxingApp: 0x4d80,
  WritingApp: 0x5741,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  Position: 0xa7,
  PrevSize: 0xab,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
  BlockVirtual: 0xa2,
  Slices: 0x8e,
  SilentTracks: 0x5854,
  BlockAdditions: 0x75a1,
  BlockMore: 0xa6,
  BlockAddID: 0xee,
  BlockAdditional: 0xa5,
  BlockDuration: 0x9b,
  ReferencePriority: 0xfa,
  ReferenceBlock: 0xfb,
  CodecState: 0xa4,
  DiscardPadding: 0x75a2,
  EncryptedBlock: 0xaf,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  FlagEnabled: 0xb9,
  FlagDefault: 0x88,
  FlagForced: 0x55aa,
  FlagLacing: 0x9c,
  FlagOriginal: 0x55ae,
  FlagCommentary: 0x55af,
  FlagHearingImpaired: 0x55ab,
  FlagVisualImpaired: 0x55ac,
  DefaultDuration: 0x23e383,
  DefaultDecodedFieldDuration: 0x234e7a,
  TrackTimestampScale: 0x23314f,
  MaxBlockAdditionID: 0x55ee,
  Name: 0x536e,
  Language: 0x22b59c,
  LanguageBCP47: 0x22b59d,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  CodecName: 0x258688,
  AttachmentLink: 0x7446,
  CodecDelay: 0x56aa,
  SeekPreRoll: 0x56bb,
  Video: 0xe0,
  FlagInterlaced: 0x9a,
  FieldOrder: 0x9d,
  StereoMode: 0x53b8,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  PixelCropBottom: 0x54aa,
  PixelCropTop: 0x54bb,
  PixelCropLeft: 0x54cc,
  PixelCropRight: 0x54dd,
  DisplayWidth: 0x54b0,
  DisplayHeight: 0x54ba,
  DisplayUnit: 0x54b2,
  Colour: 0x55b0,
  MatrixCoefficients: 0x55b1,
  BitsPerChannel: 0x55b2,
  Range: 0x55b9,
  TransferCharacteristics: 0x55ba,
  Primaries: 0x55bb,
  MaxCLL: 0x55bc,
  MaxFALL: 0x55bd,
  MasteringMetadata: 0x55d0,
  PrimaryRChromaticityX: 0x55d1,
  PrimaryRChromaticityY: 0x55d2,
  PrimaryGChromaticityX: 0x55d3,
  PrimaryGChromaticityY: 0x55d4,
  PrimaryBChromaticityX: 0x55d5,
  PrimaryBChromaticityY: 0x55d6,
  WhitePointChromaticityX: 0x55d7,
  WhitePointChromaticityY: 0x55d8,
  LuminanceMax: 0x55d9,
  LuminanceMin: 0x55da,
  BlockAdditionMapping: 0x41e4,
  BlockAddIDValue: 0x41f0,
  BlockAddIDType: 0x41e7,
  BlockAddIDExtraData: 0x41ed,
  Projection: 0x7670,
  ProjectionType: 0x7671,
  ProjectionPoseRoll: 0x7675,
  Audio: 0xe1,
  SamplingFrequency: 0xb5,
  OutputSamplingFrequency: 0x78b5,
  Channels: 0x9f,
  BitDepth: 0x6264,
  ContentEncodings: 0x6d80,
  ContentEncoding: 0x6240,
  ContentEncodingOrder: 0x5031,
  ContentEncodingScope: 0x5032,
  ContentEncodingType: 0x5033,
  ContentCompression: 0x5034,
  ContentCompAlgo: 0x4254,
  ContentCompSettings: 0x4255,
  ContentEncryption: 0x5035,
  ContentEncAlgo: 0x47e1,
  Cues: 0x1c53bb6b,
  CuePoint: 0xbb,
  CueTime: 0xb3,
  CueTrackPositions: 0xb7,
  CueTrack: 0xf7,
  CueClusterPosition: 0xf1,
  CueRelativePosition: 0xf0,
  CueDuration: 0xb2,
  CueBlockNumber: 0x5378,
  Attachments: 0x1941a469,
  AttachedFile: 0x61a7,
  FileDescription: 0x467e,
  FileName: 0x466e,
  FileMediaType: 0x4660,
  FileData: 0x465c,
  FileUID: 0x46ae,
  Chapters: 0x1043a770,
  EditionEntry: 0x45b9,
  EditionFlagHidden: 0x45bd,
  ChapterAtom: 0xb6,
  ChapterUID: 0x73c4,
  ChapterTimeStart: 0x91,
  ChapterTimeEnd: 0x92,
  ChapterFlagHidden: 0x98,
  ChapterDisplay: 0x80,
  ChapString: 0x85,
  ChapLanguage: 0x437c,
  ChapLanguageBCP47: 0x437d,
  Tags: 0x1254c367,
  Tag: 0x7373,
  Targets: 0x63c0,
  TargetTypeValue: 0x68ca,
  TagTrackUID: 0x63c5,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
  TagString: 0x4487,
} as const;

/** Joins parts of any nesting. */
export function bytes(...content: readonly Content[]): Uint8Array<ArrayBuffer> {
  const parts = flatten(content);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const flatten = (content: Content): Uint8Array[] =>
  content instanceof Uint8Array ? [content] : content.flatMap(flatten);

/** Bytes written as hex; blanks are ignored. */
export const hex = (text: string): Uint8Array => Buffer.from(text.replace(/\s+/g, ''), 'hex');

/** Element ID as stored: RFC 8794, 5. */
export function elementId(id: number): Uint8Array {
  return uintBytes(id, Math.max(1, Math.ceil(id.toString(16).length / 2)));
}

/** Element data size (RFC 8794, 6) in the fewest bytes, or in exactly `length` of them. */
export function vint(value: number, length = vintLength(value)): Uint8Array {
  const out = uintBytes(value, length);
  const marker = 1 << (8 - length);
  out[0] = (out[0] ?? 0) | marker;
  return out;
}

const vintLength = (value: number): number => {
  let length = 1;
  while (value >= 2 ** (7 * length) - 1) length++;
  return length;
};

/** Signed integer of EBML lacing (RFC 9559, 10.3.3): the range of `vint` shifted by half. */
export function signedVint(value: number): Uint8Array {
  let length = 1;
  while (Math.abs(value) >= 2 ** (7 * length - 1)) length++;
  return vint(value + 2 ** (7 * length - 1) - 1, length);
}

/** An element with its size in the fewest bytes. */
export const element = (id: number, ...content: readonly Content[]): Uint8Array => {
  const body = bytes(...content);
  return bytes(elementId(id), vint(body.length), body);
};

/** An element whose size takes exactly `sizeLength` bytes (1 to 8). */
export const sizedElement = (id: number, sizeLength: number, ...content: readonly Content[]): Uint8Array => {
  const body = bytes(...content);
  return bytes(elementId(id), vint(body.length, sizeLength), body);
};

/** An element that lies about its size, for damaged files. */
export const lyingElement = (id: number, size: number, ...content: readonly Content[]): Uint8Array =>
  bytes(elementId(id), vint(size), bytes(...content));

/** An element of unknown size (RFC 8794, 6.2), its size `sizeLength` bytes of all ones. */
export const unknownSize = (id: number, content: Content, sizeLength = 8): Uint8Array => {
  const size = new Uint8Array(sizeLength).fill(0xff);
  size[0] = (1 << (9 - sizeLength)) - 1;
  return bytes(elementId(id), size, content);
};

/** Unsigned integer element, in the fewest bytes or in `length` of them. */
export const uint = (id: number, value: number, length = uintLength(value)): Uint8Array =>
  element(id, uintBytes(value, length));

/** Signed integer element of 8 bytes. */
export const sint = (id: number, value: number): Uint8Array => {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigInt64(0, BigInt(value));
  return element(id, body);
};

/** Float element of 4 or 8 bytes. */
export const float = (id: number, value: number, length: 4 | 8 = 8): Uint8Array => {
  const body = new Uint8Array(length);
  const view = new DataView(body.buffer);
  if (length === 4) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return element(id, body);
};

export const string = (id: number, value: string): Uint8Array => element(id, new TextEncoder().encode(value));

/** Date element: nanoseconds since 2001-01-01 UTC. RFC 8794, 7.6. */
export const date = (id: number, value: Date): Uint8Array => {
  const body = new Uint8Array(8);
  const sinceEpoch = BigInt(value.getTime() - Date.UTC(2001, 0, 1)) * 1_000_000n;
  new DataView(body.buffer).setBigInt64(0, sinceEpoch);
  return element(id, body);
};

function uintBytes(value: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let left = value;
  for (let i = length - 1; i >= 0; i--) {
    out[i] = left % 256;
    left = Math.floor(left / 256);
  }
  return out;
}

const uintLength = (value: number): number => {
  let length = 1;
  while (value >= 256 ** length) length++;
  return length;
};

/** A Void element that takes exactly `total` bytes with its header; 2 or more. */
export const voidOf = (total: number): Uint8Array => {
  const sizeLength = total - 2 < 127 ? 1 : 8;
  return sizedElement(ID.Void, sizeLength, new Uint8Array(total - 1 - sizeLength));
};

/** `children` with a CRC-32 element before them: RFC 8794, 11.3.1. */
export const withCrc32 = (...children: readonly Content[]): Content => {
  const body = bytes(...children);
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc(body), true);
  return [element(ID.CRC32, sum), body];
};

export const ebmlHead = (docType = 'matroska', docTypeVersion = 4): Uint8Array =>
  element(
    ID.EBML,
    uint(ID.EBMLVersion, 1),
    uint(ID.EBMLReadVersion, 1),
    uint(ID.EBMLMaxIDLength, 4),
    uint(ID.EBMLMaxSizeLength, 8),
    string(ID.DocType, docType),
    uint(ID.DocTypeVersion, docTypeVersion),
    uint(ID.DocTypeReadVersion, 2),
  );

export interface InfoOptions {
  /** Nanoseconds. */
  readonly timestampScale?: number;
  /** In units of the timestamp scale. */
  readonly duration?: number;
  readonly muxingApp?: string;
  readonly writingApp?: string;
}

export const info = (options: InfoOptions = {}): Uint8Array =>
  element(
    ID.Info,
    uint(ID.TimestampScale, options.timestampScale ?? 1_000_000),
    options.duration === undefined ? [] : float(ID.Duration, options.duration),
    string(ID.MuxingApp, options.muxingApp ?? 'matroska-writer'),
    string(ID.WritingApp, options.writingApp ?? 'matroska-writer'),
  );

export interface Seek {
  readonly id: number;
  /** From the start of the Segment's data. */
  readonly position: number;
}

/** Positions take 8 bytes, so that the size does not depend on them. */
export const seekHead = (...seeks: readonly Seek[]): Uint8Array =>
  element(
    ID.SeekHead,
    seeks.map((seek) =>
      element(ID.Seek, element(ID.SeekID, elementId(seek.id)), uint(ID.SeekPosition, seek.position, 8)),
    ),
  );

export interface Cue {
  /** In units of the timestamp scale. */
  readonly time: number;
  readonly track: number;
  /** From the start of the Segment's data. */
  readonly cluster: number;
  /** From the start of the Cluster's data. */
  readonly relative?: number;
  /** In units of the timestamp scale. */
  readonly duration?: number;
}

/** One CuePoint for each entry; positions take 8 bytes. */
export const cues = (...points: readonly Cue[]): Uint8Array =>
  element(
    ID.Cues,
    points.map((cue) =>
      element(
        ID.CuePoint,
        uint(ID.CueTime, cue.time),
        element(
          ID.CueTrackPositions,
          uint(ID.CueTrack, cue.track),
          uint(ID.CueClusterPosition, cue.cluster, 8),
          cue.relative === undefined ? [] : uint(ID.CueRelativePosition, cue.relative),
          cue.duration === undefined ? [] : uint(ID.CueDuration, cue.duration),
        ),
      ),
    ),
  );

export interface TrackOptions {
  readonly number: number;
  readonly uid?: number;
  readonly codec: string;
  readonly private?: Uint8Array;
  readonly name?: string;
  /** ISO 639-2; left out when undefined, which means `eng`. */
  readonly language?: string;
  readonly isDefault?: boolean;
  /** Nanoseconds. */
  readonly defaultDuration?: number;
  /** Further children of the TrackEntry. */
  readonly extra?: Content;
}

const trackEntry = (type: number, options: TrackOptions, ...kind: readonly Content[]): Uint8Array =>
  element(
    ID.TrackEntry,
    uint(ID.TrackNumber, options.number),
    uint(ID.TrackUID, options.uid ?? options.number),
    uint(ID.TrackType, type),
    string(ID.CodecID, options.codec),
    options.isDefault === undefined ? [] : uint(ID.FlagDefault, options.isDefault ? 1 : 0),
    options.language === undefined ? [] : string(ID.Language, options.language),
    options.name === undefined ? [] : string(ID.Name, options.name),
    options.defaultDuration === undefined ? [] : uint(ID.DefaultDuration, options.defaultDuration),
    options.private ? element(ID.CodecPrivate, options.private) : [],
    options.extra ?? [],
    kind,
  );

export const videoTrack = (
  options: TrackOptions & { readonly width: number; readonly height: number; readonly video?: Content },
): Uint8Array =>
  trackEntry(
    1,
    options,
    element(
      ID.Video,
      uint(ID.PixelWidth, options.width),
      uint(ID.PixelHeight, options.height),
      options.video ?? [],
    ),
  );

export const audioTrack = (
  options: TrackOptions & { readonly rate: number; readonly channels: number; readonly audio?: Content },
): Uint8Array =>
  trackEntry(
    2,
    options,
    element(
      ID.Audio,
      float(ID.SamplingFrequency, options.rate),
      uint(ID.Channels, options.channels),
      options.audio ?? [],
    ),
  );

export const subtitleTrack = (options: TrackOptions): Uint8Array => trackEntry(17, options);

export const tracks = (...entries: readonly Content[]): Uint8Array => element(ID.Tracks, entries);

/** ContentEncodings with header stripping of `header`: RFC 9559, 5.1.4.1.31. */
export const headerStripping = (header: Uint8Array): Uint8Array => compression(3, header);

/** ContentEncodings with one compression; `algorithm` 0 = zlib, 3 = header stripping. */
export const compression = (algorithm: number, settings?: Uint8Array): Uint8Array =>
  encodings({ algorithm, ...(settings && { settings }) });

export interface Encoding {
  readonly algorithm: number;
  readonly settings?: Uint8Array;
  readonly order?: number;
  /** 1 frames, 2 private data, 3 both; 1 when left out. */
  readonly scope?: number;
}

/** ContentEncodings with compressions in the order given. */
export const encodings = (...list: readonly Encoding[]): Uint8Array =>
  element(
    ID.ContentEncodings,
    list.map(({ algorithm, settings, order, scope }) =>
      element(
        ID.ContentEncoding,
        order === undefined ? [] : uint(ID.ContentEncodingOrder, order),
        scope === undefined ? [] : uint(ID.ContentEncodingScope, scope),
        element(
          ID.ContentCompression,
          uint(ID.ContentCompAlgo, algorithm),
          settings ? element(ID.ContentCompSettings, settings) : [],
        ),
      ),
    ),
  );

export const cluster = (timestamp: number, ...children: readonly Content[]): Uint8Array =>
  element(ID.Cluster, uint(ID.Timestamp, timestamp), children);

export type Lacing = 'none' | 'xiph' | 'fixed' | 'ebml';

export interface BlockOptions {
  readonly track: number;
  /** Relative to the cluster, signed 16 bits. */
  readonly time: number;
  readonly isKey?: boolean;
  readonly isInvisible?: boolean;
  readonly isDiscardable?: boolean;
  readonly lacing?: Lacing;
}

/** SimpleBlock: RFC 9559, 10.2. */
export const simpleBlock = (options: BlockOptions, ...frames: readonly Uint8Array[]): Uint8Array => {
  const flags = (options.isKey ? 0x80 : 0) | (options.isDiscardable ? 1 : 0);
  return element(ID.SimpleBlock, blockBody(options, flags, frames));
};

export interface GroupOptions extends BlockOptions {
  readonly duration?: number;
  /** Relative times of the blocks it refers to; none = key. */
  readonly references?: readonly number[];
  /** Nanoseconds. */
  readonly discardPadding?: number;
  readonly extra?: Content;
}

/** BlockGroup with its Block: RFC 9559, 10.1. */
export const blockGroup = (options: GroupOptions, ...frames: readonly Uint8Array[]): Uint8Array =>
  element(
    ID.BlockGroup,
    element(ID.Block, blockBody(options, 0, frames)),
    options.duration === undefined ? [] : uint(ID.BlockDuration, options.duration),
    (options.references ?? []).map((reference) => sint(ID.ReferenceBlock, reference)),
    options.discardPadding === undefined ? [] : sint(ID.DiscardPadding, options.discardPadding),
    options.extra ?? [],
  );

const LACING_BITS: Readonly<Record<Lacing, number>> = { none: 0, xiph: 0x02, fixed: 0x04, ebml: 0x06 };

function blockBody(options: BlockOptions, flags: number, frames: readonly Uint8Array[]): Uint8Array {
  const lacing = options.lacing ?? 'none';
  if (lacing === 'none' && frames.length > 1) throw new Error('Several frames in one block need a lacing.');
  const time = new Uint8Array(2);
  new DataView(time.buffer).setInt16(0, options.time);
  const allFlags = flags | LACING_BITS[lacing] | (options.isInvisible ? 0x08 : 0);
  return bytes(vint(options.track), time, Uint8Array.of(allFlags), LACES[lacing](frames), frames);
}

/** Frame count and sizes that stand before the frames: RFC 9559, 10.3. */
const LACES: Readonly<Record<Lacing, (frames: readonly Uint8Array[]) => Content>> = {
  none: () => [],
  fixed: (frames) => Uint8Array.of(frames.length - 1),
  xiph: (frames) => [
    Uint8Array.of(frames.length - 1),
    frames.slice(0, -1).map((frame) => xiphSize(frame.length)),
  ],
  ebml: (frames) => [
    Uint8Array.of(frames.length - 1),
    frames
      .slice(0, -1)
      .map((frame, i) =>
        i === 0 ? vint(frame.length) : signedVint(frame.length - (frames[i - 1]?.length ?? 0)),
      ),
  ],
};

const xiphSize = (size: number): Uint8Array =>
  Uint8Array.of(...new Array<number>(Math.floor(size / 255)).fill(255), size % 255);

export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly data: Uint8Array;
}

export const attachments = (...files: readonly Attachment[]): Uint8Array =>
  element(
    ID.Attachments,
    files.map((file, i) =>
      element(
        ID.AttachedFile,
        string(ID.FileName, file.name),
        string(ID.FileMediaType, file.type),
        element(ID.FileData, file.data),
        uint(ID.FileUID, i + 1),
      ),
    ),
  );

/** One Tag of simple name-value pairs; `trackUid` 0 means the whole segment. */
export const tag = (trackUid: number, values: Readonly<Record<string, string>>): Uint8Array =>
  element(
    ID.Tag,
    element(ID.Targets, trackUid === 0 ? [] : uint(ID.TagTrackUID, trackUid)),
    Object.entries(values).map(([name, value]) =>
      element(ID.SimpleTag, string(ID.TagName, name), string(ID.TagString, value)),
    ),
  );

export const tags = (...entries: readonly Content[]): Uint8Array => element(ID.Tags, entries);

/** Where a part of the segment begins, counted from the start of the Segment's data. */
export type Positions = (label: string) => number;
/** A child of the Segment; a function is given the positions of labelled parts and may not change its size by them. */
export type SegmentPart = Content | { readonly label: string; readonly content: Content | LaidOut } | LaidOut;
export type LaidOut = (at: Positions) => Content;

/** Gives a part a name by which SeekHead and Cues can refer to it. */
export const labelled = (label: string, content: Content | LaidOut): SegmentPart => ({ label, content });

/** The Segment's data with all positions resolved. */
export function layOut(parts: readonly SegmentPart[]): Uint8Array {
  const sizes = parts.map((part) => bytes(resolve(part, () => 0)).length);
  const positions = new Map<string, number>();
  let at = 0;
  parts.forEach((part, i) => {
    if (typeof part === 'object' && 'label' in part) positions.set(part.label, at);
    at += sizes[i] ?? 0;
  });
  const position: Positions = (label) => {
    const found = positions.get(label);
    if (found === undefined) throw new Error(`No part of the segment is labelled ${label}.`);
    return found;
  };
  const out = bytes(parts.map((part) => resolve(part, position)));
  if (out.length !== at) throw new Error('A part changed its size with the positions it was given.');
  return out;
}

function resolve(part: SegmentPart, at: Positions): Content {
  if (typeof part === 'function') return part(at);
  if (typeof part === 'object' && 'label' in part)
    return typeof part.content === 'function' ? part.content(at) : part.content;
  return part;
}

/** A whole file: EBML head and one Segment of known size. */
export const matroska = (...parts: readonly SegmentPart[]): Uint8Array =>
  bytes(ebmlHead(), sizedElement(ID.Segment, 8, layOut(parts)));

/** As `matroska`, with a Segment of unknown size, as a live muxer writes it. */
export const liveMatroska = (...parts: readonly SegmentPart[]): Uint8Array =>
  bytes(ebmlHead(), unknownSize(ID.Segment, layOut(parts)));
