import { BitReader } from '../core/bits.ts';
import { buildAudioSpecificConfig } from './aac.ts';
import { SAMPLING_RATES } from './aac-rates.ts';

/** The header of an ADTS frame: ISO/IEC 14496-3, 1.A.2.2. */
export interface AdtsHeader {
  readonly objectType: number;
  readonly samplingRate: number;
  /** 0: a program config element stands in the frames. */
  readonly channelConfiguration: number;
  /** 9 with a checksum, else 7. */
  readonly headerSize: number;
  /** Bytes of header and payload. */
  readonly frameLength: number;
  /** raw_data_blocks in the frame: 1 to 4. */
  readonly blocks: number;
}

/** Null where no ADTS header stands. */
export function parseAdtsHeader(bytes: Uint8Array): AdtsHeader | null {
  const bits = new BitReader(bytes);
  const isSync = bits.u(12) === 0xfff;
  bits.skip(1);
  const layer = bits.u(2);
  const headerSize = bits.flag() ? 7 : 9;
  const objectType = bits.u(2) + 1;
  const samplingRate = SAMPLING_RATES[bits.u(4)] ?? 0;
  bits.skip(1);
  const channelConfiguration = bits.u(3);
  bits.skip(4);
  const frameLength = bits.u(13);
  bits.skip(11);
  const blocks = bits.u(2) + 1;
  if (bits.overrun || !isSync || layer !== 0 || samplingRate === 0 || frameLength < headerSize) return null;
  return { objectType, samplingRate, channelConfiguration, headerSize, frameLength, blocks };
}

/** The AudioSpecificConfig that an ADTS header stands for; null where the channels stand only in the frames. */
export function adtsToConfig({
  objectType,
  samplingRate,
  channelConfiguration,
}: AdtsHeader): Uint8Array | null {
  if (channelConfiguration === 0) return null;
  return buildAudioSpecificConfig({ objectType, samplingRate, channelConfiguration });
}
