/** x^8 + x^2 + x + 1, from 0: RFC 9639, 9.1.8. */
export function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1;
  }
  return crc;
}

/** x^16 + x^15 + x^2 + 1, from 0: RFC 9639, 9.3; ETSI TS 102 366, 6.10.1. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xff00) ^ (CRC_16[(crc >> 8) ^ byte] ?? 0);
  return crc;
}

/** The remainder of each byte that is followed by two of zeros. */
const CRC_16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let i = 0; i < 8; i++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x8005) & 0xffff : crc << 1;
  return crc;
});

/** The 16 bits that make the crc16 of themselves and the bytes behind them 0: `crc16` run backwards. */
export function leadingCrc16(bytes: Uint8Array): number {
  let crc = crc16(bytes);
  for (let bits = (bytes.length + 2) * 8; bits > 0; bits--) crc = crc & 1 ? (crc >> 1) ^ 0xc002 : crc >> 1;
  return crc;
}

/**
 * x^32 + … + 1 (0x04c11db7), not reflected: ISO/IEC 13818-1, Annex A, from all ones; 0 over bytes that end with their own.
 * @param start of what stands before
 */
export function crc32(bytes: Uint8Array, start = 0xffffffff): number {
  let crc = start | 0;
  let at = 0;
  for (; at + 3 < bytes.length; at += 4) {
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
  for (; at < bytes.length; at++) crc = (crc << 8) ^ (T0[(crc >>> 24) ^ (bytes[at] ?? 0)] ?? 0);
  return crc >>> 0;
}

/** Remainders of a byte that is followed by 0 to 3 bytes of zeros. */
const CRC_32 = ((): readonly Int32Array[] => {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    return crc;
  });
  const tables = [first];
  for (let i = 1; i < 4; i++)
    tables.push((tables[i - 1] ?? first).map((crc) => (crc << 8) ^ (first[crc >>> 24] ?? 0)));
  return tables;
})();

const [T0, T1, T2, T3] = CRC_32 as readonly [Int32Array, Int32Array, Int32Array, Int32Array];
