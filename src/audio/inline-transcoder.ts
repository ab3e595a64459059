import { MediaError } from '../core/errors.ts';
import type { AudioTranscoder, TranscodeJob } from '../core/transcoding.ts';
import { openDecoder, whyNoDecoder } from './decoders.ts';
import { createModules, type ModuleLoader, type Modules } from './modules.ts';
import { transcode } from './transcode.ts';

export interface TranscodeSettings {
  /** Noise allowed for, inversely: see `AacFormat`. */
  readonly lambda: number;
}

/** Names what bytes come of a job: the versions of encoder and decoders, and the settings. */
export const transcodeSettings = ({ lambda }: TranscodeSettings): string => `aac-1.59.0/${lambda}`;

/**
 * Bits a second of one channel at constant quality. At 120 a whole segment of music takes 60 to 135, of noise 97, of a
 * square wave, the worst that was found, 163 kbit/s; at 60 and 250 a tenth less and more.
 */
export const peakPerChannel = ({ lambda }: TranscodeSettings): number =>
  Math.round(140_000 * (lambda / 120) ** 0.2);

/** Runs every job in the thread that asks: for workers of a pool, and where there are no threads. */
export function createInlineTranscoder(load: ModuleLoader, settings: TranscodeSettings): AudioTranscoder {
  const modules = createModules(load);
  return {
    reasonAgainst: whyNoDecoder,
    settings: transcodeSettings(settings),
    peakPerChannel: peakPerChannel(settings),
    // What fails now fails again for the job that needs it, and is told there.
    prepare: () => void modules.aac().catch(() => undefined),
    transcode: (job, { signal }) => run(job, { modules, settings, signal }),
  };
}

interface Running {
  readonly modules: Modules;
  readonly settings: TranscodeSettings;
  readonly signal: AbortSignal;
}

async function* run(
  job: TranscodeJob,
  { modules, settings, signal }: Running,
): AsyncGenerator<readonly Uint8Array[]> {
  signal.throwIfAborted();
  const encoding = await modules.aac();
  const decoder = await openDecoder(job.source, modules);
  const encoder = encoding.open(job.output.channels, { rate: job.output.rate, lambda: settings.lambda });
  try {
    for (const packets of transcode(job, { decoder, encoder })) {
      yield packets;
      signal.throwIfAborted();
    }
  } catch (error) {
    if (error instanceof MediaError || signal.aborted) throw error;
    throw new MediaError('corrupt', 'The decoder failed on this sound', { cause: error });
  } finally {
    encoder.close();
    decoder.close();
  }
}
