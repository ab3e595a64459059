import { BitReader, BitWriter } from '../core/bits.ts';
import { corrupt, unsupported } from '../core/errors.ts';
import {
  type AacElement,
  channelCount,
  elementsOf,
  readProgramConfig,
  writeProgramConfig,
  writeSilence,
} from './aac-elements.ts';
import { readRate, SAMPLING_RATES, writeRate } from './aac-rates.ts';
import { readUsacConfig } from './aac-usac.ts';

/** AudioSpecificConfig: ISO/IEC 14496-3, 1.6.2.1. Rates in Hz, frame sizes in samples per channel. */
export interface AacInfo {
  /** Audio object type of the core, behind SBR and PS: 2 LC, 1 Main, 4 LTP, 39 ELD, 42 USAC. */
  readonly objectType: number;
  /** Of the core coder. */
  readonly samplingRate: number;
  /** Rate of spectral band replication; null where it is not signalled. */
  readonly extensionRate: number | null;
  /** As decoded. */
  readonly outputRate: number;
  readonly channelConfiguration: number;
  /** As decoded: parametric stereo makes two of one. */
  readonly channels: number;
  /** Of the core coder at `samplingRate`. */
  readonly frameSize: number;
  /** At `outputRate`. */
  readonly outputFrameSize: number;
  readonly sbr: boolean;
  readonly ps: boolean;
  /** From a program config element, where channelConfiguration is 0; null elsewhere. */
  readonly elements: readonly AacElement[] | null;
}

/** Audio object types: Table 1.17. */
const AOT = { lc: 2, sbr: 5, erBsac: 22, lowDelay: 23, ps: 29, escape: 31, eld: 39, usac: 42 } as const;
/** Main, LC, SSR, LTP: frames are raw_data_blocks, 4.4.2.1. */
const RAW_DATA_BLOCK_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/** Those with a GASpecificConfig, and of them the error resilient ones: 4.4.1. */
const GENERAL_AUDIO_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
const ERROR_RESILIENT_TYPES: ReadonlySet<number> = new Set([17, 19, 20, 21, 22, 23, 39]);
/** USAC's 4:1 SBR; elsewhere it doubles. */
const MAX_UPSAMPLING = 4;
const SBR_SYNC = 0x2b7;
const PS_SYNC = 0x548;
/** Channels by channelConfiguration where no elements are known: 22.2 of Table 1.19. */
const CHANNELS_BEYOND_TABLE: Readonly<Record<number, number>> = { 13: 24 };

/** @throws MediaError `corrupt`; `unsupported` for object types that are no AAC */
export function parseAudioSpecificConfig(bytes: Uint8Array): AacInfo {
  const bits = new BitReader(bytes);
  const head = readHead(bits);
  const core = readCore(bits, head);
  if (bits.overrun) throw corrupt(`AudioSpecificConfig of ${bytes.length} bytes ends early`);
  const extension =
    head.extension ?? core.extension ?? (core.isComplete ? readSyncExtension(bits) : NO_EXTENSION);
  const outputRate = extension.rate ?? core.samplingRate;
  const channels = core.elements ? channelCount(core.elements) : core.channels;
  if (outputRate < core.samplingRate || outputRate > core.samplingRate * MAX_UPSAMPLING)
    throw corrupt(`AAC at ${core.samplingRate} Hz with SBR at ${outputRate} Hz`);
  if (channels === 0) throw corrupt(`AAC with channel configuration ${head.channelConfiguration}`);
  return {
    objectType: head.objectType,
    samplingRate: core.samplingRate,
    extensionRate: extension.rate,
    outputRate,
    channelConfiguration: head.channelConfiguration,
    channels: extension.ps && channels === 1 ? 2 : channels,
    frameSize: core.frameSize,
    outputFrameSize: Math.round((core.frameSize * outputRate) / core.samplingRate),
    sbr: extension.rate !== null,
    ps: extension.ps,
    elements: core.elements,
  };
}

interface Extension {
  /** Output rate of SBR; null without. */
  readonly rate: number | null;
  readonly ps: boolean;
}

const NO_EXTENSION: Extension = { rate: null, ps: false };

interface Head {
  readonly objectType: number;
  readonly samplingRate: number;
  readonly channelConfiguration: number;
  /** Signalled hierarchically, by an outer object type; null where it is not. */
  readonly extension: Extension | null;
}

function readHead(bits: BitReader): Head {
  const outerType = readObjectType(bits);
  const samplingRate = readRate(bits);
  const channelConfiguration = bits.u(4);
  if (outerType !== AOT.sbr && outerType !== AOT.ps)
    return { objectType: outerType, samplingRate, channelConfiguration, extension: null };
  const extension = { rate: readRate(bits), ps: outerType === AOT.ps };
  const objectType = readObjectType(bits);
  if (objectType === AOT.erBsac) bits.skip(4);
  return { objectType, samplingRate, channelConfiguration, extension };
}

function readObjectType(bits: BitReader): number {
  const type = bits.u(5);
  return type === AOT.escape ? 32 + bits.u(6) : type;
}

interface Core {
  readonly samplingRate: number;
  readonly frameSize: number;
  readonly channels: number;
  readonly elements: readonly AacElement[] | null;
  /** Where the core's own configuration holds it (ELD, USAC); null elsewhere. */
  readonly extension: Extension | null;
  /** Read to its end, so that a sync extension may follow. */
  readonly isComplete: boolean;
}

function readCore(bits: BitReader, head: Head): Core {
  if (GENERAL_AUDIO_TYPES.has(head.objectType)) return readGeneralAudio(bits, head);
  if (head.objectType === AOT.eld) return readEld(bits, head);
  if (head.objectType === AOT.usac) return readUsac(bits);
  throw bits.overrun
    ? corrupt('AudioSpecificConfig ends early')
    : unsupported(`MPEG-4 audio object type ${head.objectType} is no AAC`);
}

const coreChannels = (channelConfiguration: number): number =>
  channelCount(elementsOf(channelConfiguration) ?? []) || (CHANNELS_BEYOND_TABLE[channelConfiguration] ?? 0);

/** GASpecificConfig: 4.4.1. */
function readGeneralAudio(bits: BitReader, { objectType, samplingRate, channelConfiguration }: Head): Core {
  const isShort = bits.flag();
  if (bits.flag()) bits.skip(14);
  const hasExtension = bits.flag();
  const elements = channelConfiguration === 0 ? readProgramConfig(bits) : null;
  if (objectType === 6 || objectType === 20) bits.skip(3);
  if (hasExtension) {
    if (objectType === AOT.erBsac) bits.skip(16);
    if ([17, 19, 20, 23].includes(objectType)) bits.skip(3);
    bits.skip(1);
  }
  const protection = ERROR_RESILIENT_TYPES.has(objectType) ? bits.u(2) : 0;
  const [long, short] = objectType === AOT.lowDelay ? [512, 480] : [1024, 960];
  return {
    samplingRate,
    frameSize: isShort ? short : long,
    channels: coreChannels(channelConfiguration),
    elements,
    extension: null,
    isComplete: protection < 2,
  };
}

/** ELDSpecificConfig up to its SBR header: 4.6.20. */
function readEld(bits: BitReader, { samplingRate, channelConfiguration }: Head): Core {
  const frameSize = bits.flag() ? 480 : 512;
  bits.skip(3);
  const extension = bits.flag() ? { rate: bits.flag() ? samplingRate * 2 : samplingRate, ps: false } : null;
  return {
    samplingRate,
    frameSize,
    channels: coreChannels(channelConfiguration),
    elements: null,
    extension,
    isComplete: false,
  };
}

function readUsac(bits: BitReader): Core {
  const { outputRate, frameSize, outputFrameSize, channels } = readUsacConfig(bits);
  const isExtended = outputFrameSize > frameSize;
  return {
    samplingRate: isExtended ? (outputRate * frameSize) / outputFrameSize : outputRate,
    frameSize,
    channels,
    elements: null,
    extension: isExtended ? { rate: outputRate, ps: false } : null,
    isComplete: false,
  };
}

/** SBR and PS signalled behind the core's configuration, for decoders that know neither: 1.6.5.2. */
function readSyncExtension(bits: BitReader): Extension {
  if (bits.remaining < 16 || bits.u(11) !== SBR_SYNC || readObjectType(bits) !== AOT.sbr || !bits.flag())
    return NO_EXTENSION;
  const rate = readRate(bits);
  const ps = bits.remaining >= 12 && bits.u(11) === PS_SYNC && bits.flag();
  return bits.overrun ? NO_EXTENSION : { rate, ps };
}

/** What a new AudioSpecificConfig is made of. */
export interface AacFields {
  readonly objectType: number;
  readonly samplingRate: number;
  /** 0 with `elements`. */
  readonly channelConfiguration: number;
  /** With SBR: its output rate. Signalled hierarchically: no decoder can miss it. */
  readonly extensionRate?: number | null;
  readonly ps?: boolean;
  /** 960 and 480 stand for the short forms; 1024 when absent. */
  readonly frameSize?: number;
  readonly elements?: readonly AacElement[] | null;
}

/** An AudioSpecificConfig of an object type with a GASpecificConfig. */
export function buildAudioSpecificConfig(fields: AacFields): Uint8Array {
  const { objectType, samplingRate, channelConfiguration, extensionRate = null, ps = false } = fields;
  if (!GENERAL_AUDIO_TYPES.has(objectType))
    throw unsupported(`No AudioSpecificConfig can be made for object type ${objectType}`);
  const bits = new BitWriter();
  bits.u(extensionRate === null ? objectType : ps ? AOT.ps : AOT.sbr, 5);
  writeRate(bits, samplingRate);
  bits.u(channelConfiguration, 4);
  if (extensionRate !== null) {
    writeRate(bits, extensionRate);
    bits.u(objectType, 5);
  }
  const isShort = fields.frameSize === 960 || fields.frameSize === 480;
  bits.flag(isShort).u(0, 2);
  if (channelConfiguration === 0) {
    const rateIndex = Math.max(0, SAMPLING_RATES.indexOf(samplingRate));
    writeProgramConfig(bits, { objectType, rateIndex, elements: fields.elements ?? [] });
  }
  if (ERROR_RESILIENT_TYPES.has(objectType)) bits.u(0, 2);
  return bits.bytes();
}

/**
 * The AudioSpecificConfig with the SBR that only the container tells, by a rate twice the coded one; unchanged where it
 * does not. @throws MediaError as `parseAudioSpecificConfig`
 */
export function withDeclaredSbr(record: Uint8Array, outputRate: number | null): Uint8Array {
  const { sbr, objectType, samplingRate, channelConfiguration, elements } = parseAudioSpecificConfig(record);
  if (sbr || objectType !== AOT.lc || outputRate !== samplingRate * 2) return record;
  return buildAudioSpecificConfig({
    objectType,
    samplingRate,
    channelConfiguration,
    extensionRate: outputRate,
    elements,
  });
}

/** RFC 6381, 3.3: `mp4a.40.` and the object type a decoder must know, however the extension is signalled. */
export function aacCodecString(record: Uint8Array): string {
  const { objectType, sbr, ps } = parseAudioSpecificConfig(record);
  const isExtended = sbr && RAW_DATA_BLOCK_TYPES.has(objectType);
  return `mp4a.40.${ps ? AOT.ps : isExtended ? AOT.sbr : objectType}`;
}

/** One frame of digital silence; null for object types and channel configurations without a known layout. */
export function silentAacFrame(record: Uint8Array): Uint8Array | null {
  const { objectType, channelConfiguration, elements } = parseAudioSpecificConfig(record);
  const layout = elements ?? elementsOf(channelConfiguration);
  if (!layout || !RAW_DATA_BLOCK_TYPES.has(objectType)) return null;
  const bits = new BitWriter();
  writeSilence(bits, layout);
  return bits.bytes();
}
