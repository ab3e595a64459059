import { type MpegAudioHeader, parseMpegAudioHeader } from '../codecs/mpeg-audio.ts';
import { orNull } from '../core/errors.ts';
import type { PacketDecoder, Pcm, Speaker } from './pcm.ts';

/**
 * Packets that must go before one of layer III, whose main data begin up to 511 bytes back (ISO/IEC 11172-3, 2.4.3.4)
 * in frames of 24 bytes and more; ten serve all bit rates that are in use. The other layers need one.
 */
export const PRE_ROLL_PACKETS = 10;

interface Buffer<View> {
  readonly ptr: number;
  readonly buf: View;
}

/** What mpg123-decoder keeps to itself, version 1.0.3: its own loop writes to the console, and does not always end. */
interface Mpg123 {
  readonly ready: Promise<void>;
  readonly _decoder: number;
  readonly _input: Buffer<Uint8Array>;
  readonly _output: Buffer<Float32Array>;
  readonly _samplesDecodedPtr: Buffer<Uint32Array>;
  readonly _sampleRatePtr: Buffer<Uint32Array>;
  readonly _errorStringPtr: Buffer<Uint32Array>;
  readonly _common: {
    readonly wasm: {
      mpeg_decoder_feed(decoder: number, input: number, size: number): number;
      mpeg_decoder_read(decoder: number, output: number, size: number, ...results: number[]): number;
    };
  };
  free(): void;
}

/** Of libmpg123: all that was fed is read; the samples that follow have another form. */
const NEED_MORE = -10;
const NEW_FORMAT = -11;
/** A frame is read in two calls, one more where its form is new. */
const MAX_READS = 4;

const SPEAKERS: Readonly<Record<1 | 2, readonly Speaker[]>> = { 1: ['FC'], 2: ['FL', 'FR'] };

/**
 * A decoder of MPEG audio, layers I to III. A packet is one frame and gives the samples of that frame, nothing
 * trimmed. Null for free format, for an `Info` frame at the very beginning, and for what is broken; a layer III frame
 * whose main data begin before the first packet gives as many samples as any, not to be used.
 */
export async function createMpegDecoder(): Promise<PacketDecoder> {
  const { MPEGDecoder } = await import('mpg123-decoder');
  const mpg123 = new MPEGDecoder({ enableGapless: false }) as unknown as Mpg123;
  await mpg123.ready;
  return {
    decode(packet) {
      const header = orNull(() => parseMpegAudioHeader(packet));
      if (!header || header.frameBytes === 0 || packet.length < header.frameBytes) return null;
      return decodeFrame(mpg123, packet.subarray(0, header.frameBytes), header);
    },
    close: () => mpg123.free(),
  };
}

/** Mono comes as two equal channels. */
function decodeFrame(mpg123: Mpg123, frame: Uint8Array, header: MpegAudioHeader): Pcm | null {
  const { _decoder, _input, _output, _samplesDecodedPtr, _sampleRatePtr, _errorStringPtr } = mpg123;
  const { wasm } = mpg123._common;
  const { samples, channels, sampleRate } = header;
  const results = [_samplesDecodedPtr.ptr, _sampleRatePtr.ptr, _errorStringPtr.ptr];
  _input.buf.set(frame);
  wasm.mpeg_decoder_feed(_decoder, _input.ptr, frame.length);
  let pcm: Pcm | null = null;
  for (let i = 0; i < MAX_READS; i++) {
    _samplesDecodedPtr.buf[0] = 0;
    const status = wasm.mpeg_decoder_read(_decoder, _output.ptr, _output.buf.length, ...results);
    if (_samplesDecodedPtr.buf[0] === samples) {
      const planes = [0, 1].map((i) => _output.buf.slice(i * samples, (i + 1) * samples));
      pcm = { rate: sampleRate, speakers: SPEAKERS[channels], channels: planes.slice(0, channels) };
    }
    if (status === NEED_MORE || (status < 0 && status !== NEW_FORMAT)) break;
  }
  return pcm;
}
