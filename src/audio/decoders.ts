import { unsupported } from '../core/errors.ts';
import type { SoundConfig } from '../core/media.ts';
import type { SoundSource } from '../core/transcoding.ts';
import { createAlacDecoder } from './alac-decoder.ts';
import { openDtsDecoder } from './dts-decoder.ts';
import { createFlacDecoder } from './flac-decoder.ts';
import type { Modules } from './modules.ts';
import { createMpegDecoder } from './mpeg-decoder.ts';
import { createOpusDecoder } from './opus-decoder.ts';
import type { PacketDecoder } from './pcm.ts';
import { createPcmDecoder } from './pcm-decoder.ts';
import { createVorbisDecoder } from './vorbis-decoder.ts';

type Codec = SoundConfig['codec'];
type ConfigFor<C extends Codec> = Extract<SoundConfig, { readonly codec: C }>;
type Open<Config> = (config: Config, source: SoundSource, modules: Modules) => Promise<PacketDecoder>;

/** A new variant of `SoundConfig` wants its row here: what opens its decoder, or why there is none. */
const DECODERS: { readonly [C in Codec]: Open<ConfigFor<C>> | string } = {
  ac3: async (_config, _source, modules) => (await modules.ac3()).open(),
  eac3: async (_config, _source, modules) => (await modules.ac3()).open(),
  dts: async (_config, _source, modules) => openDtsDecoder(await modules.dts()),
  mp2: () => createMpegDecoder(),
  mp3: () => createMpegDecoder(),
  vorbis: ({ record }) => createVorbisDecoder(record),
  opus: ({ record }) => createOpusDecoder(record),
  flac: ({ record }) => createFlacDecoder(record),
  alac: async ({ record }) => createAlacDecoder(record),
  pcm: async ({ format, channels }, { rate }) => createPcmDecoder(format, { rate, channels }),
  aac: 'AAC is not decoded here',
  truehd: 'there is no decoder of TrueHD in process',
};

/** Why sound of this kind cannot be decoded in process; null when it can. */
export function whyNoDecoder({ codec }: SoundConfig): string | null {
  const open = DECODERS[codec];
  return typeof open === 'string' ? open : null;
}

/** @throws MediaError `unsupported` for what has no decoder, `corrupt` for a broken record */
export async function openDecoder(source: SoundSource, modules: Modules): Promise<PacketDecoder> {
  const open = DECODERS[source.config.codec] as Open<SoundConfig> | string;
  if (typeof open === 'string') throw unsupported(open);
  return open(source.config, source, modules);
}
