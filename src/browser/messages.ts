/** From a page to the worker. */
export type ToWorker =
  /** It is not under the worker yet, and wants to be. */
  | { readonly kind: 'claim' }
  /** Take this file: it is about to be played, or its page to go. */
  | { readonly kind: 'hold'; readonly id: string; readonly file: File }
  /** Who has this file? Answered by port with the file or null. */
  | { readonly kind: 'find'; readonly id: string };

/** From the worker to each of its pages; answered by port, with null by those that cannot help. */
export type ToPage =
  /** The worker was stopped, and has forgotten the file. */
  | { readonly kind: 'file'; readonly id: string }
  /** A port is wanted to a thread that transcodes sound. */
  | { readonly kind: 'sound' };
