import {
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
  withDeclaredSbr,
} from '../../../src/codecs/aac.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup } from '../setup.ts';
import { readRate } from './rate.ts';
import { unchanged } from './unchanged.ts';

/** CodecPrivate is an AudioSpecificConfig; SBR that only the Audio element tells is written into it. */
export function aacSetup(entry: Master): AudioSetup | null {
  const privateData = entry.binary('CodecPrivate');
  if (!privateData || privateData.length < 2) return null;
  const output = readRate(entry.master('Audio'), 'OutputSamplingFrequency');
  return aacSetupOf(withDeclaredSbr(privateData, output));
}

function aacSetupOf(record: Uint8Array): AudioSetup {
  const info = parseAudioSpecificConfig(record);
  return {
    config: { codec: 'aac', record },
    sampleRate: info.outputRate,
    channels: info.channels,
    frameSize: info.outputFrameSize,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}

interface LegacyAac {
  readonly objectType: number;
  readonly hasSbr: boolean;
}

/** The IDs of before 2005 have no private data: profile in the name, the rest in the Audio element. */
export function legacyAac({ objectType, hasSbr }: LegacyAac): (entry: Master) => AudioSetup {
  return (entry) => {
    const audio = entry.master('Audio');
    const samplingRate = readRate(audio, 'SamplingFrequency') ?? 8000;
    const output = readRate(audio, 'OutputSamplingFrequency') ?? samplingRate;
    const channels = audio?.uint('Channels') ?? 1;
    const extensionRate = hasSbr ? (output > samplingRate ? output : samplingRate * 2) : null;
    const channelConfiguration = channels === 8 ? 7 : channels;
    return aacSetupOf(
      buildAudioSpecificConfig({ objectType, samplingRate, channelConfiguration, extensionRate }),
    );
  };
}
