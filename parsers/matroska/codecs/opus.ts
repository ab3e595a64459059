import { dOpsRecord, parseOpusHead } from '../../../src/codecs/opus.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** Opus decodes at this rate whatever was fed into its encoder: RFC 7845, 5.1. */
const OPUS_RATE = 48_000;

/** CodecPrivate is the identification header of Ogg Opus. Packets may differ in length. */
export function opusSetup(entry: Master): AudioSetup | null {
  const privateData = entry.binary('CodecPrivate');
  if (!privateData) return null;
  const head = parseOpusHead(privateData);
  return {
    config: { codec: 'opus', record: dOpsRecord(head) },
    sampleRate: OPUS_RATE,
    channels: head.channels,
    frameSize: null,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}
