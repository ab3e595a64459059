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

/** x^32 + … + 1 (0x04c11db7) from all ones, not reflected: ISO/IEC 13818-1, Annex A. 0 over bytes that end with their own. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let i = 0; i < 8; i++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
