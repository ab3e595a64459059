import { createInlineTranscoder } from '../audio/inline-transcoder.ts';
import type { CompiledModule, WasmName } from '../audio/wasm/instance.ts';
import type { SoundConfig } from '../core/media.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';

export type SoundModules = Readonly<Record<WasmName, CompiledModule>>;

/** Their packages compile WebAssembly while they run. */
const COMPILED_LATE: ReadonlySet<SoundConfig['codec']> = new Set(['mp2', 'mp3', 'vorbis', 'opus']);

/** Makes AAC within the request, of what modules that were compiled before can decode. */
export function createEdgeTranscoder(modules: SoundModules, lambda: number): AudioTranscoder {
  const inline = createInlineTranscoder(async (name) => modules[name], { lambda });
  return {
    ...inline,
    reasonAgainst: (config) =>
      COMPILED_LATE.has(config.codec)
        ? `an edge worker cannot load the decoder of ${config.codec}`
        : inline.reasonAgainst(config),
    // What is begun here could end with this request, and others would wait for it.
    prepare: () => undefined,
  };
}
