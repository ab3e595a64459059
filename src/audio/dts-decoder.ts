import type { PacketDecoder } from './pcm.ts';
import { speakersOf } from './wasm/dts-layout.ts';
import type { NativeInstance } from './wasm/instance.ts';
import { NativeDecoder } from './wasm/native-decoder.ts';

/**
 * A decoder of DTS, with what DTS-HD adds to it. A packet's sound depends on the packet before it, and on none further
 * back: after a jump the first one is not to be used. Decoders of one instance may work side by side.
 */
export function openDtsDecoder(instance: NativeInstance): PacketDecoder {
  const native = new NativeDecoder(instance);
  return {
    decode(packet) {
      const decoded = native.decode(packet);
      const speakers = decoded && speakersOf(instance, native.frame, decoded.channels.length);
      if (!decoded || !speakers) return null;
      return { rate: decoded.rate, speakers, channels: decoded.channels.slice(0, speakers.length) };
    },
    close: () => native.close(),
  };
}
