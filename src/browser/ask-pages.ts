import type { ToPage } from './messages.ts';
import type { Clients, Page } from './worker-scope.ts';

/** A page whose thread is busy with a large playlist answers within a tenth of that; one that hangs never does. */
const PATIENCE_MS = 5000;

/** Asks all pages of this worker at once; the first answer that is not null, null where none has one. */
export async function askPages<T>(clients: Clients, question: ToPage): Promise<T | null> {
  const pages = await clients.matchAll({ type: 'window' });
  const answers = pages.map(
    async (page) => (await askPage<T>(page, question)) ?? Promise.reject(new Error('not here')),
  );
  return Promise.any(answers).catch(() => null);
}

/** As `askPages`, one after the other, that which was used last first: for what costs a page something. */
export async function askInTurn<T>(clients: Clients, question: ToPage): Promise<T | null> {
  for (const page of await clients.matchAll({ type: 'window' })) {
    const answer = await askPage<T>(page, question);
    if (answer !== null) return answer;
  }
  return null;
}

function askPage<T>(page: Page, question: ToPage): Promise<T | null> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const settle = (answer: T | null) => {
      clearTimeout(timer);
      port1.close();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(null), PATIENCE_MS);
    port1.onmessage = ({ data }: MessageEvent<T | null>) => settle(data);
    page.postMessage(question, [port2]);
  });
}
