import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv } from '../deps.ts';
import { answerDetail, refuseWorkers } from '../proxy/compat-errors.ts';
import { queryFields } from '../query.ts';
import { placeOf } from '../tuner/place.ts';
import { sendGuide } from '../tuner/send-guide.ts';
import { type Account, readAccount, type UpstreamAccount } from './account.ts';
import { answerOwnAction, sendOwnList } from './own-answers.ts';
import { createNumbering, type Numbering } from './own-provider.ts';
import { sendAccount, sendList, sendM3u, sendProviderGuide } from './provider.ts';
import { recordingUrl, scriptUrl, streamUrl, timeshiftUrl } from './provider-addresses.ts';
import { type AskedStream, sendOwnChannel, sendProviderChannel, sendProviderFilm } from './streams.ts';

/** User names that paths of three parts are taken for: those that stand for a provider begin as `http` does in base64. */
const SHORT_USER = '(?:aHR0c[\\w%:+=-]{4,}|sluice)';
const FILE = ':file{\\w[\\w.-]*}';
const TIME = '{\\w[\\w:.-]*}';

/**
 * What players of Xtream providers ask for: of a provider that their user name stands for, through this server, or of
 * this server's own channels.
 * @param now milliseconds since 1970
 */
export function xtreamRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const numbering = createNumbering();
  routes.onError(answerXtream);
  scriptRoutes(routes, { now, numbering });

  routes.get(`/live/:user/:password/${FILE}`, refuseWorkers, (c) =>
    sendChannel(c, { kind: 'live', up: '../../../', numbering }),
  );
  routes.get(`/:user{${SHORT_USER}}/:password/:file{\\d[\\w.-]*}`, refuseWorkers, (c) =>
    sendChannel(c, { kind: '', up: '../../', numbering }),
  );
  for (const kind of ['movie', 'series'])
    routes.get(`/${kind}/:user/:password/${FILE}`, refuseWorkers, (c) => {
      const asked = { file: c.req.param('file') ?? '', up: '../../../' };
      const account = upstreamOf(c);
      return sendProviderFilm(c, { ...asked, account, url: streamUrl(account, { kind, file: asked.file }) });
    });
  routes.get(
    `/timeshift/:user/:password/:duration{\\d+}/:start${TIME}/${FILE}`,
    refuseWorkers,
    sendTimeshift,
  );
  routes.get(
    `/hlsr/:token${TIME}/:user/:password/:channel{\\w+}/:start${TIME}/:end${TIME}/index.m3u8`,
    refuseWorkers,
    sendRecording,
  );
  return routes;
}

function scriptRoutes(routes: Hono<AppEnv>, { now, numbering }: Knowledge): void {
  // Some players post what they ask.
  routes.on(['GET', 'POST'], '/player_api.php', refuseWorkers, async (c) => {
    const { account, fields, root } = asked(c, 'player_api.php', await postedFields(c));
    if (account.kind === 'own') return answerOwnAction(c, { account, fields, root, numbering, now: now() });
    const script = { account, name: 'player_api.php', fields };
    return fields.get('action') ? sendList(c, script, root) : sendAccount(c, script, { root, now: now() });
  });
  routes.get('/panel_api.php', refuseWorkers, async (c) => {
    const { account, fields, root } = asked(c, 'panel_api.php');
    if (account.kind === 'own')
      throw new MediaError('not-offered', 'Channels of this server are asked for by player_api.php');
    return sendAccount(c, { account, name: 'panel_api.php', fields }, { root, now: now() });
  });
  routes.get('/get.php', refuseWorkers, async (c) => {
    const { account, fields, root } = asked(c, 'get.php');
    if (account.kind === 'own') return sendOwnList(c, { account, root, numbering });
    const wanted = new Map([['type', 'm3u_plus'], ['output', 'ts'], ...fields]);
    return sendM3u(c, { account, name: 'get.php', fields: wanted }, root);
  });
  routes.get('/xmltv.php', refuseWorkers, async (c) => {
    const { account, fields } = asked(c, 'xmltv.php');
    if (account.kind === 'own') return sendGuide(c);
    return sendProviderGuide(c, { account, name: 'xmltv.php', fields });
  });
  routes.get('/streaming/timeshift.php', refuseWorkers, async (c) => {
    const fields = queryFields(c.req.url);
    const account = upstreamOf(c);
    const url = scriptUrl(account, 'streaming/timeshift.php', fields);
    const file = fields.get('extension') === 'm3u8' ? 'index.m3u8' : 'index.ts';
    return sendProviderFilm(c, { account, url, file, up: '../' });
  });
}

interface Knowledge {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly numbering: Numbering;
}

interface Asked {
  readonly account: Account;
  readonly fields: ReadonlyMap<string, string>;
  /** The root of this server, with a slash at its end. */
  readonly root: string;
}

/** @param posted fields that go before those of the query */
function asked(c: Context<AppEnv>, script: string, posted: Fields = NONE): Asked {
  const fields = new Map([...queryFields(c.req.url), ...posted]);
  return { account: accountOf(c, fields), fields, root: placeOf(c, `/${script}`) };
}

type Fields = ReadonlyMap<string, string>;

const NONE: Fields = new Map();
/** Characters of a form; longer ones are no player's. */
const MAX_FORM = 16 * 1024;

/** @throws MediaError `limit` */
async function postedFields(c: Context<AppEnv>): Promise<Fields> {
  if (c.req.method !== 'POST') return NONE;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of c.req.raw.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_FORM) throw new MediaError('limit', `A form has more than ${MAX_FORM} characters`);
  }
  return new Map(new URLSearchParams(text));
}

/** By what the path says, or the query. @throws MediaError `bad-request`, `unauthorized` */
function accountOf(c: Context<AppEnv>, fields: Fields = queryFields(c.req.url)): Account {
  const user = c.req.param('user') ?? fields.get('username');
  const password = c.req.param('password') ?? fields.get('password');
  if (!user || password === undefined)
    throw new MediaError('bad-request', 'username= and password= are missing');
  return readAccount(c, { user, password });
}

/** @throws MediaError `not-found` for an account of this server's own */
function upstreamOf(c: Context<AppEnv>): UpstreamAccount {
  const account = accountOf(c);
  if (account.kind === 'upstream') return account;
  throw new MediaError('not-found', 'This server has live channels only');
}

interface AskedChannel extends Pick<AskedStream, 'up'> {
  readonly kind: 'live' | '';
  readonly numbering: Numbering;
}

function sendChannel(c: Context<AppEnv>, { kind, up, numbering }: AskedChannel): Promise<Response> {
  const account = accountOf(c);
  const file = c.req.param('file') ?? '';
  if (account.kind === 'own') return sendOwnChannel(c, { file, up }, numbering);
  return sendProviderChannel(c, { account, url: streamUrl(account, { kind, file }), file, up });
}

function sendTimeshift(c: Context<AppEnv>): Promise<Response> {
  const account = upstreamOf(c);
  const url = timeshiftUrl(account, c.req.param());
  return sendProviderFilm(c, { account, url, file: c.req.param('file') ?? '', up: '../../../../../' });
}

function sendRecording(c: Context<AppEnv>): Promise<Response> {
  const account = upstreamOf(c);
  const url = recordingUrl(account, c.req.param());
  return sendProviderFilm(c, { account, url, file: 'index.m3u8', up: '../../../../../../../' });
}

/** As the proxy's; an account that is none is a bad request there, not an entity that cannot be processed. */
function answerXtream(error: Error, c: Context<AppEnv>): Response {
  if (error instanceof MediaError && error.code === 'bad-request')
    return c.json({ detail: error.message, code: error.code }, 400);
  return answerDetail(error, c);
}
