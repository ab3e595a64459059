import { PACKET, SYNC } from './framing.ts';

const ADAPTATION = 0x20;
const PAYLOAD = 0x10;
const PCR = 0x10;

/** The head of one packet, read again and again: ISO/IEC 13818-1, 2.4.3.2. */
export class PacketHead {
  pid = 0;
  /** payload_unit_start_indicator */
  isStart = false;
  /** transport_error_indicator */
  isDamaged = false;
  isScrambled = false;
  /** continuity_counter */
  counter = 0;
  hasPayload = false;
  isDiscontinuity = false;
  isRandomAccess = false;
  /** Of 27 MHz; -1 when absent. */
  pcr = -1;
  /** Index of the payload in the bytes. */
  payloadStart = 0;
  payloadEnd = 0;

  /**
   * @param at index of the sync byte; the whole packet must be there
   * @returns false where no packet is
   */
  read(bytes: Uint8Array, at: number): boolean {
    if (bytes[at] !== SYNC) return false;
    const b1 = bytes[at + 1] ?? 0;
    const b3 = bytes[at + 3] ?? 0;
    this.pid = ((b1 & 0x1f) << 8) | (bytes[at + 2] ?? 0);
    this.isStart = (b1 & 0x40) !== 0;
    this.isDamaged = (b1 & 0x80) !== 0;
    this.isScrambled = (b3 & 0xc0) !== 0;
    this.counter = b3 & 15;
    this.hasPayload = (b3 & PAYLOAD) !== 0;
    this.isDiscontinuity = false;
    this.isRandomAccess = false;
    this.pcr = -1;
    this.payloadStart = at + 4;
    this.payloadEnd = at + PACKET;
    if ((b3 & ADAPTATION) !== 0) return this.#readAdaptation(bytes, at + 4);
    return true;
  }

  /** 2.4.3.4 */
  #readAdaptation(bytes: Uint8Array, at: number): boolean {
    const length = bytes[at] ?? 0;
    this.payloadStart = at + 1 + length;
    if (this.payloadStart > this.payloadEnd) return this.isDamaged;
    if (length === 0) return true;
    const flags = bytes[at + 1] ?? 0;
    this.isDiscontinuity = (flags & 0x80) !== 0;
    this.isRandomAccess = (flags & 0x40) !== 0;
    if ((flags & PCR) !== 0 && length >= 7) this.pcr = readPcr(bytes, at + 2);
    return true;
  }
}

/** 33 bits of 90 kHz, six reserved, nine of 27 MHz: 2.4.3.5. */
function readPcr(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes.subarray(at, at + 6);
  const base = a * 2 ** 25 + b * 2 ** 17 + c * 2 ** 9 + d * 2 + (e >> 7);
  return base * 300 + ((e & 1) << 8) + f;
}
