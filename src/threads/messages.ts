import type { TranscodeSettings } from '../audio/inline-transcoder.ts';
import type { CompiledModule, WasmName } from '../audio/wasm/instance.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { TranscodeJob } from '../core/transcoding.ts';

/** What threads of a process have compiled, and no other needs to: with all that V8 has made faster of it since. */
export type CompiledModules = ReadonlyMap<WasmName, CompiledModule>;

/** What a worker begins with. */
export interface WorkerSetup extends TranscodeSettings {
  readonly modules: CompiledModules;
}

/** To a worker: something to do, or no longer to do. */
export type Order =
  | { readonly id: number; readonly job: TranscodeJob }
  | { readonly id: number; readonly job: null };

/** From a worker: that it has begun to work, and what it has compiled; of each job packets, and how it ended. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'compiled'; readonly name: WasmName; readonly module: CompiledModule }
  | { readonly id: number; readonly kind: 'packets'; readonly packets: readonly Uint8Array[] }
  | { readonly id: number; readonly kind: 'done' }
  | { readonly id: number; readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/**
 * The job with its bytes in one buffer of their own: a view sent to another thread takes along all that lies around
 * it.
 */
export function packed(job: TranscodeJob): { readonly job: TranscodeJob; readonly buffer: ArrayBuffer } {
  const { source, packets } = job;
  const { record } = source.config;
  const buffer = new ArrayBuffer(packets.reduce((sum, { data }) => sum + data.length, record.length));
  let at = 0;
  const moved = (bytes: Uint8Array) => {
    const copy = new Uint8Array(buffer, at, bytes.length);
    copy.set(bytes);
    at += bytes.length;
    return copy;
  };
  const config = { ...source.config, record: moved(record) };
  return {
    job: {
      ...job,
      source: { ...source, config },
      packets: packets.map((packet) => ({ ...packet, data: moved(packet.data) })),
    },
    buffer,
  };
}
