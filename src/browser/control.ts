import type { ToWorker } from './messages.ts';

/** Where the worker lies: beside the page, so that everything below it is its own. */
const SCRIPT = 'service-worker.js';

/**
 * Has the worker of this page running and the page under it; says why not by throwing.
 * @throws Error in words for a person
 */
export async function takeControl(): Promise<ServiceWorker> {
  if (!('serviceWorker' in navigator))
    throw new Error(
      isSecureContext
        ? 'This browser has no Service Workers; in a private window it may not offer them.'
        : 'Browsers run Service Workers on https and on localhost only.',
    );
  const { serviceWorker } = navigator;
  await serviceWorker.register(SCRIPT);
  const { active } = await serviceWorker.ready;
  if (serviceWorker.controller) return serviceWorker.controller;
  const taken = new Promise<void>((resolve) => {
    serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
  });
  // After a reload past the cache a page is under no worker, though there is one.
  active?.postMessage({ kind: 'claim' } satisfies ToWorker);
  await taken;
  if (!serviceWorker.controller) throw new Error('The Service Worker of this page did not start.');
  return serviceWorker.controller;
}

/** To the worker that is in charge now: another version may have taken over. */
export function tellWorker(message: ToWorker, ports: MessagePort[] = []): void {
  navigator.serviceWorker.controller?.postMessage(message, ports);
}
