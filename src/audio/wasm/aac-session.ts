import { unsupported } from '../../core/errors.ts';
import type { NativeInstance } from './instance.ts';

export interface AacSetup {
  readonly rate: number;
  readonly channels: number;
  /** Bits a second: what rate control aims at, and what psychoacoustics are set up for even without it. */
  readonly bitRate: number;
}

/** Samples of a frame, of each channel. */
export const AAC_FRAME = 1024;
/** The encoder refuses frames with infinities; a sample out of this is no sound and becomes silence. */
const LOUDEST = 64;

/** One native encoder, from opening to closing. */
export class AacSession {
  readonly #instance: NativeInstance;
  readonly #channels: number;
  readonly #encoder: number;
  #sent = 0;

  /** @throws MediaError `unsupported` for a rate or a number of channels that the encoder does not take */
  constructor(instance: NativeInstance, { rate, channels, bitRate }: AacSetup) {
    this.#instance = instance;
    this.#channels = channels;
    this.#encoder = instance.call('init_encoder', channels, rate, bitRate);
    if (this.#encoder === 0) throw unsupported(`The AAC encoder takes no ${channels} channels at ${rate} Hz`);
  }

  /** Address of the `AVCodecContext`. */
  get context(): number {
    return this.#instance.view.getUint32(this.#encoder, true);
  }

  /** Takes samples from `at` on. @returns the packets that are complete by it */
  send(planes: readonly Float32Array[], at: number): Uint8Array[] {
    this.#write(planes, at);
    const answer = this.#instance.call('send_frame', this.#encoder, BigInt(AAC_FRAME * this.#sent++));
    if (answer < 0) throw new Error(`The AAC encoder answers ${answer} to a frame`);
    return this.#receive();
  }

  /** The packets that wait for frames to come. */
  finish(): Uint8Array[] {
    this.#instance.call('flush_encoder_start', this.#encoder);
    return this.#receive();
  }

  close(): void {
    if (!this.#instance.isBroken) this.#instance.call('close_encoder', this.#encoder);
  }

  /** Interleaved, as the bridge wants them. */
  #write(planes: readonly Float32Array[], at: number): void {
    const channels = this.#channels;
    const size = AAC_FRAME * channels;
    const pointer = this.#instance.call('get_encode_input_ptr', this.#encoder, 4 * size);
    if (pointer === 0) throw new Error('The AAC encoder has no memory for a frame');
    const input = new Float32Array(this.#instance.bytes.buffer, pointer, size);
    for (const [channel, plane] of planes.entries())
      interleave(plane.subarray(at, at + AAC_FRAME), input, { channel, channels });
  }

  #receive(): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (;;) {
      const size = this.#instance.call('receive_packet', this.#encoder);
      if (size < 0) throw new Error(`The AAC encoder answers ${size} instead of a packet`);
      if (size === 0) return packets;
      const data = this.#instance.call('get_encoded_data', this.#encoder);
      packets.push(this.#instance.bytes.slice(data, data + size));
    }
  }
}

interface Place {
  readonly channel: number;
  readonly channels: number;
}

function interleave(plane: Float32Array, into: Float32Array, { channel, channels }: Place): void {
  for (let i = 0, to = channel; i < plane.length; i++, to += channels) {
    const sample = plane[i] ?? 0;
    into[to] = Math.abs(sample) < LOUDEST ? sample : 0;
  }
}
