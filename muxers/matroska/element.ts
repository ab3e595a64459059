/** What an element holds: others, or bytes. */
type Content = readonly Uint8Array[];

/** Element IDs with their markers: RFC 8794, RFC 9559. Only those that are written. */
const IDS = {
  EBML: 0x1a45dfa3,
  EBMLMaxIDLength: 0x42f2,
  EBMLMaxSizeLength: 0x42f3,
  DocType: 0x4282,
  DocTypeVersion: 0x4287,
  DocTypeReadVersion: 0x4285,
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  MuxingApp: 0x4d80,
  WritingApp: 0x5741,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  FlagLacing: 0x9c,
  DefaultDuration: 0x23e383,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
} as const;

export type ElementName = keyof typeof IDS;

/** Bytes of a number without leading zeros, at least one. */
function numberBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 256))
    bytes.unshift(rest % 256);
  return new Uint8Array(bytes);
}

/** Always four bytes, which hold sizes below 256 MB: RFC 8794, 4. */
const MAX_SIZE = 2 ** 28 - 2;
const SIZE_MARKER = 0x1000_0000;
/** A size that nobody knows yet: RFC 8794, 6.2. */
const UNKNOWN_SIZE = new Uint8Array([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** The head of an element whose content follows. @throws RangeError for more than 256 MB */
function head(name: ElementName, size: number): Uint8Array {
  if (size > MAX_SIZE) throw new RangeError(`An element of ${size} bytes`);
  return join([numberBytes(IDS[name]), numberBytes(SIZE_MARKER + size)]);
}

const sizeOf = (content: Content): number => content.reduce((sum, { length }) => sum + length, 0);

/** An element, in one piece. */
export const element = (name: ElementName, ...content: Content): Uint8Array =>
  join([head(name, sizeOf(content)), ...content]);

/** An element of which only the last part is not copied. */
export const elementAround = (name: ElementName, front: Uint8Array, payload: number): Uint8Array =>
  join([head(name, front.length + payload), front]);

/** The head of an element that ends with the stream. */
export const endlessElement = (name: ElementName): Uint8Array => join([numberBytes(IDS[name]), UNKNOWN_SIZE]);

/** An unsigned integer of 53 bits at most. */
export const uint = (name: ElementName, value: number): Uint8Array => element(name, numberBytes(value));

export const text = (name: ElementName, value: string): Uint8Array =>
  element(name, new TextEncoder().encode(value));

export function join(parts: Content): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
