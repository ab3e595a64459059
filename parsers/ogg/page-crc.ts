import { crc32 } from '../../src/codecs/crc.ts';

/** Where the checksum of a page stands. */
const AT = 22;
const ZEROS = new Uint8Array(4);

/** Checksum of a whole page, from 0, its own field taken for zeros: RFC 3533, 6. As the page has it, unsigned. */
export const pageCrc = (page: Uint8Array): number =>
  crc32(page.subarray(AT + ZEROS.length), crc32(ZEROS, crc32(page.subarray(0, AT), 0)));
