import { createInlineTranscoder } from '../audio/inline-transcoder.ts';
import type { CompiledModule, WasmName } from '../audio/wasm/instance.ts';
import type { ModuleNames } from '../audio/wasm/unpack.ts';
import { MediaError } from '../core/errors.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import type { Answer, Order } from '../threads/messages.ts';
import { SOUND } from './sound-settings.ts';

/** What the build takes out of the packages lies beside this file. */
async function loadModule(name: WasmName): Promise<CompiledModule> {
  const [names, wasm] = await Promise.all([fetchFile(`${name}.json`), fetchFile(`${name}.wasm`)]);
  // Not while it arrives: that needs a MIME type that not every host knows.
  const module = await WebAssembly.compile(await wasm.arrayBuffer());
  return { ...((await names.json()) as ModuleNames), module };
}

async function fetchFile(name: string): Promise<Response> {
  const response = await fetch(new URL(name, import.meta.url));
  if (response.ok) return response;
  throw new MediaError('upstream', `The host of this page has no ${name} (${response.status})`);
}

/** One job after the other, whose packets go out as they are made. */
function serve(port: MessagePort, transcoder: AudioTranscoder): void {
  const running = new Map<number, AbortController>();
  const answer = (message: Answer) => {
    const packets = message.kind === 'packets' ? message.packets : [];
    port.postMessage(message, [...new Set(packets.map(({ buffer }) => buffer as ArrayBuffer))]);
  };
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
  port.onmessage = ({ data: { id, job } }: MessageEvent<Order>) => {
    if (job === null)
      return running.get(id)?.abort(new MediaError('upstream', 'Nobody waits for this any more'));
    const controller = new AbortController();
    running.set(id, controller);
    void run(id, job, controller.signal);
  };
}

/** As `setTimeout(…, 0)`, which waits for 4 ms when it is used again and again. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

const transcoder = createInlineTranscoder(loadModule, SOUND);
transcoder.prepare();
addEventListener('message', ({ data }: MessageEvent<MessagePort>) => serve(data, transcoder));
