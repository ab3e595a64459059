function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return found;
}

/** The elements of the page that the player fills and listens to. */
export const page = {
  form: byId('open', HTMLFormElement),
  url: byId('url', HTMLInputElement),
  demo: document.getElementById('demo'),
  file: document.getElementById('file'),
  stage: byId('stage', HTMLElement),
  video: byId('video', HTMLVideoElement),
  empty: byId('empty', HTMLElement),
  status: byId('status', HTMLElement),
  unmute: byId('unmute', HTMLButtonElement),
  audioChoice: byId('audio-choice', HTMLLabelElement),
  audio: byId('audio', HTMLSelectElement),
  qualityChoice: byId('quality-choice', HTMLLabelElement),
  quality: byId('quality', HTMLSelectElement),
  failure: byId('failure', HTMLElement),
  failureMessage: byId('failure-message', HTMLElement),
  failureNext: byId('failure-next', HTMLElement),
  failureCode: byId('failure-code', HTMLElement),
  silent: byId('silent', HTMLElement),
  silentTitle: byId('silent-title', HTMLElement),
  silentReason: byId('silent-reason', HTMLElement),
  about: byId('about', HTMLElement),
  summary: byId('summary', HTMLElement),
  shown: byId('shown', HTMLElement),
  tracks: byId('tracks', HTMLTableSectionElement),
  warnings: byId('warnings', HTMLUListElement),
  address: byId('address', HTMLInputElement),
  copy: byId('copy', HTMLButtonElement),
};
