import { ELEMENTS, type ElementName } from '../../../parsers/matroska/elements.ts';

/** How the content of an element is read: RFC 8794, 7. */
export type ElementKind = 'master' | 'uint' | 'int' | 'float' | 'text' | 'date' | 'binary' | 'block' | 'id';

export interface KnownElement {
  readonly name: string;
  readonly kind: ElementKind;
}

const MASTERS =
  'EBML Segment SeekHead Seek Info Tracks TrackEntry BlockAdditionMapping Video Colour MasteringMetadata Projection Audio ContentEncodings ContentEncoding ContentCompression ContentEncryption Cluster BlockGroup Cues CuePoint CueTrackPositions Attachments AttachedFile Chapters EditionEntry ChapterAtom ChapterDisplay Tags Tag Targets SimpleTag';
const TEXTS =
  'DocType Title MuxingApp WritingApp Name Language LanguageBCP47 CodecID FileName FileMediaType ChapString ChapLanguage ChapLanguageBCP47 TagName TagString';
const FLOATS =
  'Duration TrackTimestampScale SamplingFrequency OutputSamplingFrequency LuminanceMax LuminanceMin PrimaryRChromaticityX PrimaryRChromaticityY PrimaryGChromaticityX PrimaryGChromaticityY PrimaryBChromaticityX PrimaryBChromaticityY WhitePointChromaticityX WhitePointChromaticityY ProjectionPoseRoll';
const BINARIES = 'Void CRC-32 CodecPrivate BlockAddIDExtraData ContentCompSettings FileData';

const listed = (names: string, kind: ElementKind): [string, ElementKind][] =>
  names.split(' ').map((name) => [name, kind]);

/** All others of the table are unsigned integers. */
const KINDS: ReadonlyMap<string, ElementKind> = new Map([
  ...listed(MASTERS, 'master'),
  ...listed(TEXTS, 'text'),
  ...listed(FLOATS, 'float'),
  ...listed(BINARIES, 'binary'),
  ...listed('SimpleBlock Block', 'block'),
  ...listed('ReferenceBlock DiscardPadding', 'int'),
  ...listed('SeekID', 'id'),
]);

/** Elements that nothing is read from when playing, only told here: RFC 8794, 11.2; RFC 9559, 5.1. */
const OTHERS: readonly (readonly [id: number, name: string, kind: ElementKind])[] = [
  [0x4286, 'EBMLVersion', 'uint'],
  [0x42f7, 'EBMLReadVersion', 'uint'],
  [0x4287, 'DocTypeVersion', 'uint'],
  [0x4285, 'DocTypeReadVersion', 'uint'],
  [0x73a4, 'SegmentUUID', 'binary'],
  [0x7384, 'SegmentFilename', 'text'],
  [0x4461, 'DateUTC', 'date'],
  [0x9c, 'FlagLacing', 'uint'],
  [0x55ab, 'FlagHearingImpaired', 'uint'],
  [0x55ac, 'FlagVisualImpaired', 'uint'],
  [0x55ad, 'FlagTextDescriptions', 'uint'],
  [0x55ae, 'FlagOriginal', 'uint'],
  [0x55af, 'FlagCommentary', 'uint'],
  [0x6de7, 'MinCache', 'uint'],
  [0x55ee, 'MaxBlockAdditionID', 'uint'],
  [0x258688, 'CodecName', 'text'],
  [0xaa, 'CodecDecodeAll', 'uint'],
  [0x9a, 'FlagInterlaced', 'uint'],
  [0x9d, 'FieldOrder', 'uint'],
  [0x53b8, 'StereoMode', 'uint'],
  [0x53c0, 'AlphaMode', 'uint'],
  [0x2eb524, 'UncompressedFourCC', 'binary'],
  [0x55b2, 'BitsPerChannel', 'uint'],
  [0x55b3, 'ChromaSubsamplingHorz', 'uint'],
  [0x55b4, 'ChromaSubsamplingVert', 'uint'],
  [0x55b7, 'ChromaSitingHorz', 'uint'],
  [0x55b8, 'ChromaSitingVert', 'uint'],
  [0xa7, 'Position', 'uint'],
  [0xab, 'PrevSize', 'uint'],
  [0x75a1, 'BlockAdditions', 'master'],
  [0xa6, 'BlockMore', 'master'],
  [0xee, 'BlockAddID', 'uint'],
  [0xa5, 'BlockAdditional', 'binary'],
  [0xb2, 'CueDuration', 'uint'],
  [0x5378, 'CueBlockNumber', 'uint'],
  [0x467e, 'FileDescription', 'text'],
  [0x46ae, 'FileUID', 'uint'],
  [0x45bc, 'EditionUID', 'uint'],
  [0x45db, 'EditionFlagDefault', 'uint'],
  [0x45dd, 'EditionFlagOrdered', 'uint'],
  [0x73c4, 'ChapterUID', 'uint'],
  [0x4598, 'ChapterFlagEnabled', 'uint'],
  [0x68ca, 'TargetTypeValue', 'uint'],
  [0x63ca, 'TargetType', 'text'],
  [0x447a, 'TagLanguage', 'text'],
  [0x447b, 'TagLanguageBCP47', 'text'],
  [0x4484, 'TagDefault', 'uint'],
];

const KNOWN: ReadonlyMap<number, KnownElement> = new Map([
  ...OTHERS.map(([id, name, kind]): [number, KnownElement] => [id, { name, kind }]),
  ...(Object.keys(ELEMENTS) as ElementName[]).map((name): [number, KnownElement] => [
    ELEMENTS[name],
    { name, kind: KINDS.get(name) ?? 'uint' },
  ]),
]);

/** An element of any ID: what nobody knows is binary. */
export const elementOf = (id: number): KnownElement =>
  KNOWN.get(id) ?? { name: `0x${id.toString(16)}`, kind: 'binary' };
