import type { NativeInstance } from './instance.ts';

/** Samples of one native frame. */
export interface NativeFrame {
  readonly rate: number;
  readonly channels: readonly Float32Array[];
}

type ReadPlane = (heap: ArrayBuffer, at: number, samples: number) => Float32Array;

const scaled =
  (scale: number) =>
  (plane: Int16Array | Int32Array): Float32Array =>
    Float32Array.from(plane, (sample) => sample * scale);
const from16 = scaled(2 ** -15);
const from32 = scaled(2 ** -31);

/** By AVSampleFormat: S16P, S32P, FLTP. The decoders have no others. */
const PLANES: Readonly<Record<number, ReadPlane>> = {
  6: (heap, at, samples) => from16(new Int16Array(heap, at, samples)),
  7: (heap, at, samples) => from32(new Int32Array(heap, at, samples)),
  8: (heap, at, samples) => new Float32Array(heap, at, samples).slice(),
};
/** What a frame of the codecs has at most: a longer one is a fault. */
const MAX_SAMPLES = 65_536;
const MAX_CHANNELS = 64;

/** One decoder behind the functions `init_decoder` to `close_decoder`. */
export class NativeDecoder {
  readonly #instance: NativeInstance;
  readonly #decoder: number;

  /** @param values what `init_decoder` takes */
  constructor(instance: NativeInstance, ...values: readonly number[]) {
    this.#instance = instance;
    this.#decoder = instance.call('init_decoder', ...values);
    if (this.#decoder === 0) throw new Error('The decoder has no memory to open');
  }

  /** Address of the `AVCodecContext`. */
  get context(): number {
    return this.#instance.view.getUint32(this.#decoder, true);
  }

  /** Address of the `AVFrame` with what was decoded last. */
  get frame(): number {
    return this.#instance.view.getUint32(this.#decoder + 8, true);
  }

  /** One frame of the codec. Null where it cannot be decoded: everything before it is forgotten then. */
  decode(data: Uint8Array): NativeFrame | null {
    const instance = this.#instance;
    const packet = instance.call('configure_decode_packet', this.#decoder, data.length);
    if (packet === 0) throw new Error(`The decoder has no memory for ${data.length} bytes`);
    instance.bytes.set(data, packet);
    if (instance.call('decode_packet', this.#decoder, 0n) === 0) return this.#read();
    this.forget();
    return null;
  }

  /** The next frame will not depend on those before. */
  forget(): void {
    this.#instance.call('flush_decoder', this.#decoder);
  }

  close(): void {
    if (!this.#instance.isBroken) this.#instance.call('close_decoder', this.#decoder);
  }

  #read(): NativeFrame | null {
    const ask = (what: string): number => this.#instance.call(`get_decoded_${what}`, this.#decoder);
    const [rate, count, samples] = [ask('sample_rate'), ask('channels'), ask('sample_count')];
    const read = PLANES[ask('format')];
    const isSane = read && rate > 0 && samples > 0 && samples <= MAX_SAMPLES && count > 0;
    if (!isSane || count > MAX_CHANNELS) return null;
    const channels = Array.from({ length: count }, (_, i) => {
      const at = this.#instance.call('get_decoded_plane_ptr', this.#decoder, i);
      return read(this.#instance.bytes.buffer, at, samples);
    });
    return { rate, channels };
  }
}
