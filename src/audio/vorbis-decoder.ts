import { corrupt, unsupported } from '../core/errors.ts';
import type { PacketDecoder, Pcm } from './pcm.ts';
import { vorbisSpeakers } from './vorbis-layout.ts';

/** Packets that must go before one: its window overlaps with the one before (Vorbis I, 4.3.8). */
export const PRE_ROLL_PACKETS = 1;

interface Buffer<View> {
  readonly ptr: number;
  readonly buf: View;
}

/** What @wasm-audio-decoders/ogg-vorbis keeps to itself, version 0.1.20: packets without Ogg around them. */
interface LibVorbis {
  readonly _decoder: number;
  readonly _input: Buffer<Uint8Array>;
  readonly _inputLen: Buffer<Uint32Array>;
  /** Addresses of the channels. */
  readonly _outputBufferPtr: Buffer<Uint32Array>;
  readonly _channels: Buffer<Uint32Array>;
  readonly _sampleRate: Buffer<Uint32Array>;
  readonly _samplesDecoded: Buffer<Uint32Array>;
  /** How many errors there were. */
  readonly _errorsLength: Buffer<Int32Array>;
  readonly _common: { readonly wasm: { readonly HEAP: ArrayBuffer; decode_packets(decoder: number): void } };
  sendSetupHeader(header: Uint8Array): void;
  initDsp(): void;
  free(): void;
}

/**
 * A decoder of Vorbis. A packet gives a quarter of its own window and a quarter of the one before: the first of all
 * null. Null for what is no sound, too; a damaged packet is heard in the one behind it as well.
 * @param headers the three headers in Xiph lacing, as Matroska's CodecPrivate
 * @throws MediaError `corrupt` for broken headers, `unsupported` for more than eight channels
 */
export async function createVorbisDecoder(headers: Uint8Array): Promise<PacketDecoder> {
  const [identification, , setup] = splitHeaders(headers);
  const { OggVorbisDecoder } = await import('@wasm-audio-decoders/ogg-vorbis');
  const ogg = new OggVorbisDecoder();
  await ogg.ready;
  const vorbis = (ogg as unknown as { readonly _decoder: LibVorbis })._decoder;
  for (const header of [identification, setup]) sendHeader(vorbis, header);
  vorbis.initDsp();
  const [channels = 0] = vorbis._channels.buf;
  const speakers = vorbisSpeakers(channels);
  if (!speakers) throw unsupported(`Vorbis with ${channels} channels`);
  return {
    decode(packet): Pcm | null {
      const planes = decodePacket(vorbis, packet);
      return planes && { rate: vorbis._sampleRate.buf[0] ?? 0, speakers, channels: planes };
    },
    close: () => vorbis.free(),
  };
}

function sendHeader(vorbis: LibVorbis, header: Uint8Array): void {
  const { _input, _errorsLength } = vorbis;
  if (header.length > _input.buf.length) throw corrupt(`Vorbis header of ${header.length} bytes`);
  vorbis.sendSetupHeader(header);
  if (_errorsLength.buf[0] !== 0) throw corrupt('Broken Vorbis header');
}

/** Set in the first byte of what is a header. */
const HEADER_BIT = 1;

function decodePacket(vorbis: LibVorbis, packet: Uint8Array): Float32Array[] | null {
  const { _decoder, _input, _inputLen, _outputBufferPtr, _samplesDecoded, _errorsLength } = vorbis;
  const { wasm } = vorbis._common;
  const [first = HEADER_BIT] = packet;
  if ((first & HEADER_BIT) !== 0 || packet.length > _input.buf.length) return null;
  _input.buf.set(packet);
  _inputLen.buf[0] = packet.length;
  _errorsLength.buf[0] = 0;
  wasm.decode_packets(_decoder);
  const samples = _samplesDecoded.buf[0] ?? 0;
  if (_errorsLength.buf[0] !== 0 || samples === 0) return null;
  const addresses = new Uint32Array(wasm.HEAP, _outputBufferPtr.buf[0], vorbis._channels.buf[0]);
  return Array.from(addresses, (address) => new Float32Array(wasm.HEAP, address, samples).slice());
}

type Headers = readonly [Uint8Array, Uint8Array, Uint8Array];

/** Two: the number of headers but one. */
const LACED = 2;
const MORE = 255;

/** @throws MediaError `corrupt` */
function splitHeaders(bytes: Uint8Array): Headers {
  if (bytes[0] !== LACED) throw corrupt('Vorbis headers without lacing');
  let at = 1;
  const readSize = (): number => {
    let size = 0;
    for (let byte = MORE; byte === MORE; at++) {
      byte = bytes[at] ?? 0;
      size += byte;
    }
    return size;
  };
  const [first, second] = [readSize(), readSize()];
  const ends = [at + first, at + first + second] as const;
  if (ends[1] >= bytes.length) throw corrupt('Vorbis headers end early');
  return [bytes.subarray(at, ends[0]), bytes.subarray(ends[0], ends[1]), bytes.subarray(ends[1])];
}
