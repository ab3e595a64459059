import { setImmediate as breathe } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createInlineTranscoder } from '../audio/inline-transcoder.ts';
import { MediaError } from '../core/errors.ts';
import type { Answer, Order, WorkerSetup } from './messages.ts';
import { compileWasmFile } from './wasm-files.ts';

/** A thread of the pool: one job after the other, whose packets go out as they are made. */
function serve(port: NonNullable<typeof parentPort>, { modules, ...settings }: WorkerSetup): void {
  const running = new Map<number, AbortController>();
  const answer = (message: Answer) => {
    const packets = message.kind === 'packets' ? message.packets : [];
    port.postMessage(message, [...new Set(packets.map(({ buffer }) => buffer as ArrayBuffer))]);
  };
  const transcoder = createInlineTranscoder(async (name) => {
    const known = modules.get(name);
    if (known) return known;
    const module = await compileWasmFile(name);
    answer({ kind: 'compiled', name, module });
    return module;
  }, settings);
  const run = async (id: number, job: NonNullable<Order['job']>, signal: AbortSignal) => {
    try {
      for await (const packets of transcoder.transcode(job, { signal, isUrgent: () => true })) {
        answer({ id, kind: 'packets', packets });
        await breathe(); // an order to stop is heard here
      }
      answer({ id, kind: 'done' });
    } catch (error) {
      const { code, message } =
        error instanceof MediaError
          ? error
          : new MediaError('corrupt', `Transcoding failed: ${String(error)}`);
      answer({ id, kind: 'failed', code, message });
    } finally {
      running.delete(id);
    }
  };
  port.on('message', ({ id, job }: Order) => {
    if (job === null)
      return running.get(id)?.abort(new MediaError('upstream', 'Nobody waits for this any more'));
    const controller = new AbortController();
    running.set(id, controller);
    void run(id, job, controller.signal);
  });
  transcoder.prepare();
  answer({ kind: 'ready' });
}

if (parentPort) serve(parentPort, workerData as WorkerSetup);
