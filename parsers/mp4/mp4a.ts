import { buildAudioSpecificConfig, parseAudioSpecificConfig, withDeclaredSbr } from '../../src/codecs/aac.ts';
import { parseVorbisHeaders, vorbisStep } from '../../src/codecs/vorbis.ts';
import { concat } from '../../src/core/bytes.ts';
import { corrupt, unsupported } from '../../src/core/errors.ts';
import { type ElementaryStream, parseEsds } from './esds.ts';
import { fullBoxContent } from './readable-boxes.ts';
import { type AudioSetup, asStored, type Told, told } from './setup.ts';
import { ac3Codec, dtsCodec, eac3Codec, mpegAudioCodec, opusCodec, type SoundCodec } from './sound-codecs.ts';
import type { SoundEntry } from './sound-entry.ts';

type StreamCodec = (entry: SoundEntry, stream: ElementaryStream) => Told<AudioSetup> | null;

/** Audio object types of the profiles that MPEG-2 AAC has object type indications for. */
const MPEG2_AAC: ReadonlyMap<number, number> = new Map([
  [0x66, 1],
  [0x67, 2],
  [0x68, 3],
]);

/** objectTypeIndication (ISO/IEC 14496-1, 7.2.6.6, and mp4ra.org) → its codec. 0xdd is what GPAC and Nero took. */
const OBJECT_TYPES: ReadonlyMap<number, StreamCodec> = new Map<number, StreamCodec>([
  [0x40, aacCodec],
  [0x66, aacCodec],
  [0x67, aacCodec],
  [0x68, aacCodec],
  [0x69, mpegAudioCodec],
  [0x6b, mpegAudioCodec],
  [0xa5, ac3Codec],
  [0xa6, eac3Codec],
  [0xa9, dtsCodec],
  [0xaa, dtsCodec],
  [0xab, dtsCodec],
  [0xac, dtsCodec],
  [0xad, opusCodec],
  [0xdd, vorbisCodec],
]);

/** The descriptor of an entry; null without one. */
export function streamOf(entry: Pick<SoundEntry, 'child'>): ElementaryStream | null {
  const box = entry.child('esds');
  return box ? parseEsds(fullBoxContent(box)) : null;
}

/** `mp4a` (ISO/IEC 14496-14, 6.7): its object type says what it is. */
export const mp4aCodec: SoundCodec = (entry) => {
  const stream = streamOf(entry);
  return (stream && OBJECT_TYPES.get(stream.objectType)?.(entry, stream)) ?? null;
};

/**
 * DecoderSpecificInfo is an AudioSpecificConfig; that of MPEG-2 AAC may be missing. SBR that only the entry's rate
 * tells is written into it.
 */
function aacCodec(entry: SoundEntry, { objectType, specific }: ElementaryStream): Told<AudioSetup> {
  const own = specific ?? withoutSpecific(entry, MPEG2_AAC.get(objectType));
  const record = withDeclaredSbr(own, entry.sampleRate);
  const { outputRate, channels, outputFrameSize } = parseAudioSpecificConfig(record);
  return told(
    asStored({
      config: { codec: 'aac', record },
      sampleRate: outputRate,
      channels,
      frameSize: outputFrameSize,
    }),
  );
}

function withoutSpecific({ sampleRate, channels }: SoundEntry, objectType: number | undefined): Uint8Array {
  if (objectType === undefined || sampleRate === null) throw unsupported('AAC without a configuration');
  const channelConfiguration = channels === 8 ? 7 : channels;
  return buildAudioSpecificConfig({ objectType, samplingRate: sampleRate, channelConfiguration });
}

/** Three headers in Xiph lacing, or each behind its length in 16 bits. */
function vorbisCodec(_entry: SoundEntry, { specific }: ElementaryStream): Told<AudioSetup> | null {
  if (!specific) return null;
  const record = isLaced(specific) ? specific : laced(specific);
  const info = parseVorbisHeaders(record);
  return told(
    asStored({
      config: { codec: 'vorbis', record, modeBlocks: info.modeBlocks },
      sampleRate: info.sampleRate,
      channels: info.channels,
      frameSize: null,
      frameStep: vorbisStep(info),
    }),
  );
}

const HEADERS = 3;
const isLaced = (bytes: Uint8Array): boolean => bytes[0] === HEADERS - 1;

function laced(bytes: Uint8Array): Uint8Array {
  const headers: Uint8Array[] = [];
  for (let at = 0; headers.length < HEADERS; ) {
    const size = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    if (at + 2 + size > bytes.length) throw corrupt('Headers of Vorbis are cut off');
    headers.push(bytes.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  const sizes = headers
    .slice(0, -1)
    .flatMap(({ length }) => [...new Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  return concat([Uint8Array.of(HEADERS - 1, ...sizes), ...headers]);
}
