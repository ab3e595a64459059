import { page } from '../web/elements.ts';
import { failure } from '../web/failures.ts';
import { takeControl } from './control.ts';
import { createHolder, type Holder } from './holder.ts';

/** Where this page lies, whatever the player makes of its address. */
const HOME = new URL('.', location.href);
const TITLE = document.title;

const chooser = document.getElementById('local');
const chosen = document.getElementById('chosen');

const linkedId = (): string | null =>
  /^upload:(.+)$/.exec(new URLSearchParams(location.search).get('d') ?? '')?.[1] ?? null;

function sizeOf({ size }: File): string {
  if (size < 1000) return `${size} bytes`;
  const [unit, scale] = size < 1e6 ? ['kB', 1e3] : size < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(size / scale).toFixed(1)} ${unit}`;
}

/** The file that the player's address names. */
function showChosen(holder: Holder): void {
  const file = holder.get(linkedId() ?? '');
  if (chosen) chosen.textContent = file ? `${file.name}, ${sizeOf(file)}, read from this device.` : '';
  document.title = file ? `${file.name} – Sluice` : TITLE;
}

function refuse(error: unknown): void {
  const { code, message } = failure(
    'no-service-worker',
    error instanceof Error ? error.message : String(error),
  );
  page.failureMessage.textContent = message;
  page.failureNext.textContent = 'Open it in another browser or window.';
  page.failureCode.textContent = code;
  page.failure.hidden = false;
}

/** Files that are chosen, or dropped anywhere: one that misses the stage would replace the page. */
function onFile(take: (file: File) => Promise<void>): void {
  const taken = (file: File | undefined) => {
    if (file) take(file).catch(refuse);
  };
  if (chooser instanceof HTMLInputElement)
    chooser.addEventListener('change', () => {
      taken(chooser.files?.[0]);
      chooser.value = '';
    });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('over');
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('over');
    taken(event.dataTransfer?.files[0]);
  });
}

async function start(): Promise<Holder> {
  await takeControl();
  const holder = createHolder();
  const id = linkedId();
  if (id) await holder.recover(id);
  // It begins with the file that its address names, and hears the form before this page does.
  await import('../web/player.ts');
  page.form.addEventListener('submit', () => {
    // The player knows of no other place than the root.
    history.replaceState(null, '', new URL(location.search, HOME));
    showChosen(holder);
  });
  addEventListener('popstate', () => showChosen(holder));
  showChosen(holder);
  return holder;
}

const started = start();
started.catch(refuse);
onFile(async (file) => {
  const holder = await started;
  page.url.value = `upload:${await holder.add(file)}`;
  page.form.requestSubmit();
});
