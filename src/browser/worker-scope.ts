/** What of a Service Worker's global scope is used here: the library of types has pages or workers, not both. */
export interface WorkerScope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: Clients;
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'message', listener: (event: PageEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}

interface LifeEvent extends Event {
  /** The worker is not stopped before it settles. */
  waitUntil(work: Promise<unknown>): void;
}

interface PageEvent extends LifeEvent {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}

interface FetchEvent extends LifeEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** Pages under this worker. */
export interface Clients {
  matchAll(options: { readonly type: 'window' }): Promise<readonly Page[]>;
  claim(): Promise<void>;
}

/** One page, in a tab or a frame. */
export interface Page {
  postMessage(message: unknown, transfer: Transferable[]): void;
}
