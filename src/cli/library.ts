import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import type { Film } from '../films/film.ts';
import { type PlacedFilm, placeFilms } from '../films/library-place.ts';
import { nfoOf } from '../films/nfo.ts';
import { createTokenBox, type TokenBox } from '../proxy/token.ts';
import { defaultStateDir, loadSecret } from '../state.ts';
import { EXIT } from './exit-codes.ts';
import { type Form, filmAddress, serverAddress } from './library-addresses.ts';
import { type LibraryOutcome, writeLibrary } from './library-files.ts';
import { filmsOf } from './library-films.ts';
import { type Look, openLooking } from './library-probe.ts';
import { note, print } from './output.ts';

/** Flags as commander names them. */
export interface LibraryFlags {
  readonly out: string;
  readonly server?: string;
  readonly as?: Form;
  readonly root?: readonly string[];
  readonly state?: string;
  readonly probe?: boolean;
  readonly prune?: boolean;
}

/** `sluice library`: a folder of .strm and .nfo files, for media servers. @returns the exit status */
export async function library(target: string, flags: LibraryFlags, signal: AbortSignal): Promise<number> {
  const { root, state, as: form = 'file' } = flags;
  const config = readConfig({ root, state }, process.env, { cores: availableParallelism() });
  const server = serverAddress(flags.server, config);
  const { films, missed } = await filmsOf(target, config.roots, signal);
  if (films.length === 0) throw new MediaError('not-found', `There is no film in ${target}`);
  const making = { server, form, tokens: await tokensOf(config) };
  const files = flags.probe
    ? await lookingFiles(placeFilms(films), making, { config, signal })
    : await filesOf(placeFilms(films), making, null);
  // A film that was not seen is not a film that is gone.
  const old = flags.prune && missed.length === 0 ? 'removed' : 'kept';
  const outcome = await writeLibrary(resolve(flags.out), { files, old }, signal);
  await print(`${sentence(films, outcome)}\n`);
  for (const path of outcome.foreign) note(`${path} was made or changed by somebody else and is left alone`);
  if (missed.length === 0) return EXIT.done;
  note(missing(missed, flags.prune === true ? 'so nothing is removed' : 'so there may be more films'));
  return flags.prune === true ? EXIT.partly : EXIT.done;
}

/** Places that are named; nobody reads more of them. */
const SHOWN = 3;

function missing(places: readonly string[], so: string): string {
  const shown = places.slice(0, SHOWN).join(', ');
  const more = places.length > SHOWN ? ` and ${places.length - SHOWN} more` : '';
  return `Not read, or not to the end: ${shown}${more}; ${so}`;
}

interface Making {
  readonly server: string;
  readonly form: Form;
  readonly tokens: TokenBox;
}

/** Addresses are good for the server that has the same secret. */
async function tokensOf(config: Config): Promise<TokenBox> {
  const folder = config.stateDir ?? defaultStateDir(process.env);
  const { secret, isKept, isNew } = config.secret
    ? { secret: config.secret, isKept: true, isNew: false }
    : await loadSecret(folder);
  if (!isKept)
    throw new MediaError(
      'bad-request',
      `The secret of the server is not in ${folder}: give its --state, or SLUICE_SECRET`,
    );
  if (isNew)
    note(
      `There was no secret in ${folder}: a new one was made. Only a server with that --state takes these addresses`,
    );
  return createTokenBox(secret, Date.now);
}

async function lookingFiles(
  placed: readonly PlacedFilm[],
  making: Making,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  const looking = await openLooking(config);
  try {
    return await filesOf(placed, making, (film) => looking.look(film, signal));
  } finally {
    await looking.close();
  }
}

/** Contents by path. */
async function filesOf(
  placed: readonly PlacedFilm[],
  { server, form, tokens }: Making,
  look: ((film: Film) => ReturnType<Look>) | null,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { film, place } of placed) {
    files.set(`${place}.strm`, `${await filmAddress(film, server, { tokens, form })}\n`);
    files.set(`${place}.nfo`, nfoOf(film, look && (await look(film))));
  }
  return files;
}

function sentence(films: readonly Film[], { written, unchanged, removed, foreign }: LibraryOutcome): string {
  const others = foreign.length === 0 ? '' : `, ${foreign.length} left alone`;
  return `${films.length} films: ${written} files written, ${unchanged} unchanged, ${removed} removed${others}`;
}
