import { alacRecord, readAlacCookie } from '../../../src/codecs/alac.ts';
import { dfLaRecord, readFlacPrivate } from '../../../src/codecs/flac.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** CodecPrivate is the beginning of a FLAC file up to its first frame. */
export function flacSetup(entry: Master): AudioSetup | null {
  const privateData = entry.binary('CodecPrivate');
  if (!privateData) return null;
  const header = readFlacPrivate(privateData);
  const { sampleRate, channels, minBlockSize, maxBlockSize } = header.streamInfo;
  return {
    config: { codec: 'flac', record: dfLaRecord(header) },
    sampleRate,
    channels,
    frameSize: minBlockSize === maxBlockSize ? maxBlockSize : null,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}

/** CodecPrivate is the magic cookie. */
export function alacSetup(entry: Master): AudioSetup | null {
  const privateData = entry.binary('CodecPrivate');
  if (!privateData) return null;
  const cookie = readAlacCookie(privateData);
  return {
    config: { codec: 'alac', record: alacRecord(cookie) },
    sampleRate: cookie.sampleRate,
    channels: cookie.channels,
    frameSize: cookie.frameLength,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}
