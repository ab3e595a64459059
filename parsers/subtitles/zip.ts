import { corrupt, MediaError, unsupported } from '../../src/core/errors.ts';

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 for stored, 8 for deflated. */
  readonly method: number;
  readonly packed: Uint8Array;
}

/** Archives with the subtitles of a season have some 100. */
const MAX_ENTRIES = 1000;

const END_BYTES = 22;
const DIRECTORY_BYTES = 46;
const LOCAL_BYTES = 30;

/** A comment may stand behind the end: APPNOTE, 4.4.12. */
const MAX_COMMENT = 65_535;

/**
 * The files that the directory of an archive names: APPNOTE, 4.3.
 * @throws MediaError `corrupt`, `limit`
 */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  if (count > MAX_ENTRIES) throw new MediaError('limit', `An archive of more than ${MAX_ENTRIES} files`);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (!isAt(view, at, 0x02014b50, DIRECTORY_BYTES)) throw corrupt('Packed subtitles: a directory cut off');
    const nameEnd = at + DIRECTORY_BYTES + view.getUint16(at + 28, true);
    entries.push(readEntry(view, at, bytes.subarray(at + DIRECTORY_BYTES, nameEnd)));
    at = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

const isAt = (view: DataView, at: number, signature: number, size: number): boolean =>
  at >= 0 && at + size <= view.byteLength && view.getUint32(at, true) === signature;

function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--)
    if (isAt(view, at, 0x06054b50, END_BYTES)) return at;
  throw corrupt('Packed subtitles: no directory of the archive');
}

function readEntry(view: DataView, at: number, name: Uint8Array): ZipEntry {
  const size = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  return {
    name: new TextDecoder().decode(name),
    isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
    method: view.getUint16(at + 10, true),
    packed: packedBytes(view, local, size),
  };
}

/** None where the directory names a place at which no file begins. */
function packedBytes(view: DataView, local: number, size: number): Uint8Array {
  if (!isAt(view, local, 0x04034b50, LOCAL_BYTES)) return new Uint8Array(0);
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const whole = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return whole.subarray(start, start + size);
}

/** @throws MediaError `unsupported` for what is packed otherwise than nearly all archives are */
export function wayOf({ isEncrypted, method }: ZipEntry): 'stored' | 'deflated' {
  if (isEncrypted) throw unsupported('This is an archive with a password');
  if (method === 0) return 'stored';
  if (method === 8) return 'deflated';
  throw unsupported(`This is an archive packed in a way that is not read here (method ${method})`);
}
