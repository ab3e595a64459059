import { page } from './elements.ts';
import { type Failure, failure, readFailure } from './failures.ts';

export interface UploadEvents {
  say(text: string): void;
  fail(why: Failure): void;
  /** Plays what was sent. */
  play(media: string): void;
}

/** Sends a file that is chosen, or dropped on the stage, where this server keeps uploads. */
export function offerUploads(events: UploadEvents): void {
  const { file: input, stage } = page;
  if (!(input instanceof HTMLInputElement)) return;
  let request: XMLHttpRequest | null = null;
  const take = (file: File | undefined) => {
    if (!file) return;
    request?.abort();
    request = send(file, events);
  };
  input.addEventListener('change', () => {
    take(input.files?.[0]);
    input.value = '';
  });
  stage.addEventListener('dragover', (event) => event.preventDefault());
  stage.addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}

/** By XMLHttpRequest, which tells how far it is. */
function send(file: File, { say, fail, play }: UploadEvents): XMLHttpRequest {
  const request = new XMLHttpRequest();
  const unreachable = () => fail(failure('unreachable', 'This server did not take the file.'));
  request.upload.addEventListener('progress', ({ loaded, total }) =>
    say(`Sending ${file.name}: ${Math.floor((100 * loaded) / Math.max(total, 1))} %`),
  );
  request.addEventListener('error', unreachable);
  request.addEventListener('load', () => {
    const answer: unknown = request.response;
    const why = readFailure(answer);
    if (why) fail(why);
    else if (isStored(answer)) {
      page.url.value = `upload:${answer.id}`;
      play(page.url.value);
    } else unreachable();
  });
  request.responseType = 'json';
  request.open('POST', `uploads${allowances()}`);
  page.failure.hidden = true;
  say(`Sending ${file.name}…`);
  request.send(file);
  return request;
}

const isStored = (answer: unknown): answer is { readonly id: string } =>
  typeof answer === 'object' && answer !== null && 'id' in answer && typeof answer.id === 'string';

/** Key and password, as the page's address has them. */
function allowances(): string {
  const own = new URLSearchParams(location.search);
  const kept = ['key', 'api_password'].flatMap((name) => own.getAll(name).map((value) => [name, value]));
  return kept.length > 0 ? `?${new URLSearchParams(kept)}` : '';
}
