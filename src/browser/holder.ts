import { tellWorker } from './control.ts';
import type { ToPage } from './messages.ts';

/** Files that this page was given, by id; the worker asks for them each time that it was stopped. */
export interface Holder {
  /** Also where it was given before: the older handle may be of another state of the file. */
  add(file: File): Promise<string>;
  get(id: string): File | null;
  /** Takes back what a page of this address held before it was reloaded. */
  recover(id: string): Promise<File | null>;
}

export function createHolder(): Holder {
  const held = new Map<string, File>();
  const openSound = createSoundThread();
  const answers: { readonly [K in ToPage['kind']]: Answer<K> } = {
    file: ({ id }, port) => port.postMessage(held.get(id) ?? null),
    sound: (_, port) => {
      const sound = openSound();
      port.postMessage(sound, [sound]);
    },
  };
  navigator.serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<ToPage>) => {
    const answer = answers[data.kind] as Answer<ToPage['kind']>;
    for (const port of ports) answer(data, port);
  });
  navigator.serviceWorker.startMessages();
  const hold = (id: string, file: File) => {
    held.set(id, file);
    tellWorker({ kind: 'hold', id, file });
  };
  // For the page that comes after this one, if it is the same.
  addEventListener('pagehide', () => {
    for (const [id, file] of held) hold(id, file);
  });
  return {
    async add(file) {
      const id = await idOf(file);
      hold(id, file);
      return id;
    },
    get: (id) => held.get(id) ?? null,
    async recover(id) {
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise<File | null>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<File | null>) => resolve(data);
      });
      tellWorker({ kind: 'find', id }, [port2]);
      const file = await answer;
      if (file) held.set(id, file);
      return file;
    },
  };
}

type Answer<K extends ToPage['kind']> = (
  message: Extract<ToPage, { readonly kind: K }>,
  port: MessagePort,
) => void;

/** The same for the same file, so that an address stays right when it is chosen again. */
async function idOf({ name, size, lastModified }: File): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([name, size, lastModified]));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return [...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Ports to one thread of this page, which transcodes sound: started when it is first wanted, anew once it broke. */
function createSoundThread(): () => MessagePort {
  let thread: Worker | null = null;
  const start = (): Worker => {
    const worker = new Worker(new URL('sound-worker.js', import.meta.url), { type: 'module' });
    worker.addEventListener('error', () => {
      worker.terminate();
      if (thread === worker) thread = null;
    });
    return worker;
  };
  return () => {
    const { port1, port2 } = new MessageChannel();
    thread ??= start();
    thread.postMessage(port1, [port1]);
    return port2;
  };
}
