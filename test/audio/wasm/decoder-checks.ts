import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { PacketDecoder, Pcm } from '../../../src/audio/pcm.ts';

/** The packets of a track, decoded one after the other; copies, so that later calls cannot change them. */
export const decodeInOrder = (decoder: PacketDecoder, packets: readonly Uint8Array[]): (Pcm | null)[] =>
  packets.map((packet, index) => copyOf(decoder.decode(packet, index)));

const copyOf = (pcm: Pcm | null): Pcm | null =>
  pcm && { ...pcm, channels: pcm.channels.map((plane) => plane.slice()) };

/** Each channel from the first packet to the last. */
export function joinChannels(parts: readonly (Pcm | null)[]): Float32Array[] {
  const whole = parts.filter((part) => part !== null);
  const channels = whole[0]?.channels.length ?? 0;
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from(whole.flatMap((part) => Array.from(part.channels[channel] ?? []))),
  );
}

/** Everything of it in short, for a difference that can be read. */
export const digest = (pcm: Pcm | null): string | null => {
  if (!pcm) return null;
  const hash = createHash('sha256');
  for (const plane of pcm.channels) hash.update(plane);
  return `${pcm.rate} ${pcm.speakers.join()} ${pcm.channels[0]?.length} ${hash.digest('hex')}`;
};

/** An order in which no packet follows its neighbour. */
const shuffled = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7 + 3) % count);

/** Jumps with one packet before the one that counts give what decoding in order gives, also by a new decoder. */
export function expectPositionPure(open: () => PacketDecoder, packets: readonly Uint8Array[]): void {
  const jumping = open();
  const inOrder = decodeInOrder(open(), packets);
  expect(packets.length % 7).not.toBe(0);
  for (const index of shuffled(packets.length)) {
    for (const decoder of [jumping, open()]) {
      const before = packets[index - 1];
      if (before) decoder.decode(before, index - 1);
      else if (decoder === jumping) continue;
      const jumped = decoder.decode(packets[index] ?? new Uint8Array(), index);
      expect(digest(jumped)).toBe(digest(inOrder[index] ?? null));
    }
  }
}

/** What is no frame gives null, and leaves nothing behind. */
export function expectToSurvive(open: () => PacketDecoder, packets: readonly Uint8Array[]): void {
  const decoder = open();
  const [first = new Uint8Array(), second = new Uint8Array()] = packets;
  const broken = [
    new Uint8Array(),
    new Uint8Array(400),
    first.subarray(0, 6),
    first.subarray(0, first.length >> 1),
    first.map((byte) => byte ^ 0xff),
  ];
  for (const packet of broken) {
    decoder.decode(first, 0);
    expect(decoder.decode(packet, 1)).toBeNull();
    const expected = open().decode(second, 2);
    expect(expected).not.toBeNull();
    expect(digest(decoder.decode(second, 2))).toBe(digest(expected));
  }
}

/** Damage of all kinds: each packet gives sound or nothing, and the module goes on. */
export function expectNoFault(decoder: PacketDecoder, packets: readonly Uint8Array[]): void {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let run = 0; run < 400; run++) {
    const packet = Uint8Array.from(packets[random(packets.length)] ?? []);
    for (let i = 1 + random(8); i > 0; i--) packet[6 + random(packet.length - 6)] = random(256);
    const pcm = decoder.decode(packet, run);
    if (pcm) expect(new Set(pcm.channels.map(({ length }) => length)).size).toBe(1);
  }
}
