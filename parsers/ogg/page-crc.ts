/** x^32 + … + 1 (0x04c11db7), not reflected. */
const POLYNOMIAL = 0x04c11db7;

/** Remainders of a byte that is followed by 0 to 3 bytes of zeros. */
const TABLES = ((): readonly Int32Array[] => {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
    return crc;
  });
  const tables = [first];
  for (let i = 1; i < 4; i++)
    tables.push((tables[i - 1] ?? first).map((crc) => (crc << 8) ^ (first[crc >>> 24] ?? 0)));
  return tables;
})();

const [T0, T1, T2, T3] = TABLES as readonly [Int32Array, Int32Array, Int32Array, Int32Array];

/** Where the checksum of a page stands. */
const AT = 22;
const BYTES = 4;

/** Checksum of a whole page, from 0, its own field taken for zeros: RFC 3533, 6. As the page has it, unsigned. */
export function pageCrc(page: Uint8Array): number {
  let crc = summed(0, page, { from: 0, to: AT });
  for (let i = 0; i < BYTES; i++) crc = (crc << 8) ^ (T0[crc >>> 24] ?? 0);
  return summed(crc, page, { from: AT + BYTES, to: page.length }) >>> 0;
}

function summed(
  start: number,
  bytes: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  let crc = start;
  let at = from;
  for (; at + 3 < to; at += 4) {
    crc ^=
      ((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0);
    crc =
      (T3[crc >>> 24] ?? 0) ^
      (T2[(crc >>> 16) & 255] ?? 0) ^
      (T1[(crc >>> 8) & 255] ?? 0) ^
      (T0[crc & 255] ?? 0);
  }
  for (; at < to; at++) crc = (crc << 8) ^ (T0[(crc >>> 24) ^ (bytes[at] ?? 0)] ?? 0);
  return crc;
}
