import { type OpusHead, opusPacketSamples, parseDops } from '../codecs/opus.ts';
import { unsupported } from '../core/errors.ts';
import type { PacketDecoder, Speaker } from './pcm.ts';
import { vorbisSpeakers } from './vorbis-layout.ts';

/** 80 ms at 48 kHz: what a decoder is to be fed before a place (RFC 7845, 4.6). It comes as near as a few decibels. */
export const PRE_ROLL_SAMPLES = 3840;

interface Buffer<View> {
  readonly ptr: number;
  readonly buf: View;
}

/** What opus-decoder keeps to itself, version 0.7.12: its own `decodeFrame` writes to the console. */
interface LibOpus {
  readonly ready: Promise<void>;
  readonly _decoder: number;
  readonly _input: Buffer<Uint8Array>;
  readonly _output: Buffer<Float32Array>;
  readonly _common: {
    readonly wasm: {
      opus_frame_decode_float_deinterleaved(
        decoder: number,
        input: number,
        size: number,
        output: number,
      ): number;
    };
  };
  free(): void;
}

/** Whatever was encoded. */
const RATE = 48_000;

/**
 * A decoder of Opus at 48 kHz, with the output gain of the stream. A packet gives as many samples as it says; those of
 * the pre-skip are among them. Null for a broken packet.
 * @param record content of a `dOps` box
 * @throws MediaError `corrupt`, `truncated` for a broken record, `unsupported` for channels without known places
 */
export async function createOpusDecoder(record: Uint8Array): Promise<PacketDecoder> {
  const head = parseDops(record);
  const { channels, mapping } = head;
  const speakers = speakersOf(head);
  const { OpusDecoder } = await import('opus-decoder');
  const opus = new OpusDecoder({
    channels,
    preSkip: 0,
    ...(mapping && {
      streamCount: mapping.streams,
      coupledStreamCount: mapping.coupled,
      channelMappingTable: [...mapping.channels],
    }),
  }) as unknown as LibOpus;
  await opus.ready;
  const gain = 10 ** (head.gain / 256 / 20);
  return {
    decode(packet) {
      const samples = opusPacketSamples(packet);
      if (samples === null || decodePacket(opus, packet) !== samples) return null;
      const planes = speakers.map((_, i) => opus._output.buf.slice(i * samples, (i + 1) * samples));
      if (gain !== 1) for (const plane of planes) amplify(plane, gain);
      return { rate: RATE, speakers, channels: planes };
    },
    close: () => opus.free(),
  };
}

/** Samples, or an error below 0. */
function decodePacket({ _decoder, _input, _output, _common }: LibOpus, packet: Uint8Array): number {
  if (packet.length > _input.buf.length) return -1;
  _input.buf.set(packet);
  return _common.wasm.opus_frame_decode_float_deinterleaved(_decoder, _input.ptr, packet.length, _output.ptr);
}

function amplify(plane: Float32Array, gain: number): void {
  for (let i = 0; i < plane.length; i++) plane[i] = (plane[i] ?? 0) * gain;
}

/** Mapping families without a meaning of their channels; up to two are taken for mono and stereo. */
const DISCRETE = 255;

function speakersOf({ channels, mappingFamily }: OpusHead): readonly Speaker[] {
  const isPlaced = mappingFamily <= 1 || (mappingFamily === DISCRETE && channels <= 2);
  const speakers = isPlaced ? vorbisSpeakers(channels) : null;
  if (!speakers) throw unsupported(`Opus with ${channels} channels of mapping family ${mappingFamily}`);
  return speakers;
}
