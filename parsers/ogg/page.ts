/** Header of a page: RFC 3533, 6. */
export interface PageHeader {
  /** Of the logical stream. */
  readonly serial: number;
  /** Counts the pages of a logical stream. */
  readonly sequence: number;
  /** Its first bytes belong to a packet that began on an earlier page. */
  readonly isContinued: boolean;
  /** A logical stream begins with it. */
  readonly isFirst: boolean;
  /** A logical stream ends with it. */
  readonly isLast: boolean;
  /** Of the last packet that ends on it, in the codec's own count; null where none does, or it makes no sense. */
  readonly granule: number | null;
  /** Where its packets begin. */
  readonly headerBytes: number;
  /** Of all of it. */
  readonly size: number;
}

export interface Page extends PageHeader {
  readonly position: number;
  /** From its first byte to its last. */
  readonly bytes: Uint8Array;
}

/** Header without its table of segments. */
export const MIN_HEADER_BYTES = 27;
/** A segment of so many bytes is not the last of its packet. */
export const FULL_SEGMENT = 255;

export const MAX_HEADER_BYTES = MIN_HEADER_BYTES + FULL_SEGMENT;
/** A page of full segments. */
export const MAX_PAGE_BYTES = MAX_HEADER_BYTES + FULL_SEGMENT * FULL_SEGMENT;

/** `OggS` */
const MARK = [0x4f, 0x67, 0x67, 0x53] as const;
const AT = { version: 4, flags: 5, granule: 6, serial: 14, sequence: 18, crc: 22, segments: 26 } as const;
const FLAGS = { continued: 1, first: 2, last: 4, all: 7 } as const;

/** Where the next page may begin at or after `from`: as many bytes as are left of its mark fit. Else the end. */
export function nextCapture(bytes: Uint8Array, from: number): number {
  if (isMarked(bytes, from)) return from;
  for (let at = bytes.indexOf(MARK[0], from); at >= 0; at = bytes.indexOf(MARK[0], at + 1))
    if (isMarked(bytes, at)) return at;
  return bytes.length;
}

/** As far as there are bytes. */
function isMarked(bytes: Uint8Array, at: number): boolean {
  const [o, g, , s] = MARK;
  return (
    (bytes[at] ?? o) === o &&
    (bytes[at + 1] ?? g) === g &&
    (bytes[at + 2] ?? g) === g &&
    (bytes[at + 3] ?? s) === s
  );
}

/** The header at `at`; `short` where bytes are missing to know it, null where it is none. */
export function pageHeaderAt(bytes: Uint8Array, at: number): PageHeader | 'short' | null {
  if (!isMarked(bytes, at)) return null;
  if (bytes.length - at < MIN_HEADER_BYTES) return 'short';
  const flags = bytes[at + AT.flags] ?? 0;
  if (bytes[at + AT.version] !== 0 || flags > FLAGS.all) return null;
  const headerBytes = MIN_HEADER_BYTES + (bytes[at + AT.segments] ?? 0);
  if (bytes.length - at < headerBytes) return 'short';
  let size = headerBytes;
  for (let i = at + MIN_HEADER_BYTES; i < at + headerBytes; i++) size += bytes[i] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, MIN_HEADER_BYTES);
  return {
    serial: view.getUint32(AT.serial, true),
    sequence: view.getUint32(AT.sequence, true),
    isContinued: (flags & FLAGS.continued) !== 0,
    isFirst: (flags & FLAGS.first) !== 0,
    isLast: (flags & FLAGS.last) !== 0,
    granule: granuleOf(view),
    headerBytes,
    size,
  };
}

/** The checksum that a page bears. */
export const crcOfPage = (page: Uint8Array): number =>
  new DataView(page.buffer, page.byteOffset).getUint32(AT.crc, true);

/** 64 bits with a sign; all set where no packet ends on the page. */
function granuleOf(view: DataView): number | null {
  const value = view.getInt32(AT.granule + 4, true) * 2 ** 32 + view.getUint32(AT.granule, true);
  return value >= 0 && Number.isSafeInteger(value) ? value : null;
}
