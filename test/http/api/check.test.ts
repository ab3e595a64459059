import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import { createRequestCheck } from '../../../src/http/api/check.ts';
import { MEDIA_ROUTES } from '../../../src/http/api/media.ts';
import { UPLOAD_ROUTES } from '../../../src/http/api/uploads.ts';
import type { AppEnv } from '../../../src/http/deps.ts';
import { answerError } from '../../../src/http/errors.ts';
import { movieRoutes } from '../../../src/http/movie.ts';
import { queryFields } from '../../../src/http/query.ts';

const check = createRequestCheck([...MEDIA_ROUTES, ...UPLOAD_ROUTES]);

/** What the route itself says of a query, with nothing that could be opened behind it. */
function converter(): (query: string) => Promise<{ readonly field: string | null }> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const library = {
      open: async () => {
        throw new MediaError('not-found', 'opened');
      },
    };
    const config = { host: '', publicUrl: null, apiPassword: null };
    c.set('deps', { config, library, accessKey: 'k', log: console } as never);
    c.set('cors', {});
    await next();
  });
  app.route(
    '/remux.mp4',
    movieRoutes(() => 0),
  );
  app.onError(answerError);
  return async (query) => {
    const { error } = await (await app.request(`http://localhost/remux.mp4?${query}`)).json();
    return { field: error.code === 'not-found' ? null : error.message };
  };
}

function schemas(query: string): { readonly field: string | null } {
  try {
    check('remux', { query: queryFields(`/?${query}`) });
    return { field: null };
  } catch (error) {
    if (error instanceof MediaError && error.code === 'bad-request') return { field: error.message };
    throw error;
  }
}

const D = 'd=https%3A%2F%2Fexample.org%2Ffilm.mkv';

const GOOD: readonly string[] = [
  D,
  'd=https://example.org/film.mkv?a=b+c',
  'd=HTTP://EXAMPLE.ORG/',
  'd=%20https://example.org/film.mkv%20',
  'd=root:demo/demo.mkv',
  'd=root:',
  'd=upload:abc',
  'd=r2:FILMS/a',
  `d=https://example.org/${'a'.repeat(8000)}`,
  `${D}&d=nonsense`,
  `${D}&video=`,
  `${D}&video=0`,
  `${D}&video=h264`,
  `${D}&video=1,copy`,
  `${D}&video=HEVC,%20av1,,h265`,
  `${D}&video=avc`,
  `${D}&audio=`,
  `${D}&audio=none`,
  `${D}&audio=1,de,en-GB`,
  `${D}&program=2`,
  `${D}&program=`,
  `${D}&recovery=hidden`,
  `${D}&recovery=anything`,
  `${D}&maxheight=720&maxbitrate=3000000`,
  `${D}&maxheight=1e3`,
  `${D}&maxheight=9007199254740991`,
  `${D}&expires=0`,
  `${D}&expires=+5`,
  `${D}&key=x`,
  `${D}&start=0&duration=1.5`,
  `${D}&start=9999999.123456789`,
  `${D}&start=&duration=`,
  `${D}&seek=after&sound=copied`,
  `${D}&seek=accurate&sound=playable`,
  `${D}&h_referer=https%3A%2F%2Fexample.org%2F`,
  `${D}&unknown=%25&utm_source=x`,
];

/** Each with the field that the answer has to name. */
const BAD: readonly (readonly [query: string, field: string])[] = [
  ['', 'd='],
  ['d=', 'd='],
  ['d=film.mkv', 'd='],
  ['d=ftp://example.org/film.mkv', 'd='],
  ['d=file:///etc/passwd', 'd='],
  ['d=http://', 'd='],
  ['d=https://exa mple/%20', 'd='],
  ['d=%20', 'd='],
  ['d=javascript:alert(1)', 'd='],
  [`d=https://example.org/${'a'.repeat(8200)}`, 'd='],
  [`${D}&video=mpeg2`, 'video='],
  [`${D}&video=-1`, 'video='],
  [`${D}&video=1x`, 'video='],
  [`${D}&video=h264,theora`, 'video='],
  [`${D}&program=one`, 'program='],
  [`${D}&program=-1`, 'program='],
  [`${D}&program=1.5`, 'program='],
  [`${D}&maxheight=1e99`, 'maxheight='],
  [`${D}&maxheight=9007199254740993`, 'maxheight='],
  [`${D}&maxbitrate=3M`, 'maxbitrate='],
  [`${D}&expires=soon`, 'expires='],
  [`${D}&start=1:02`, 'start='],
  [`${D}&start=-1`, 'start='],
  [`${D}&start=99999999`, 'start='],
  [`${D}&duration=1.`, 'duration='],
  [`${D}&seek=near`, 'seek='],
  [`${D}&sound=loud`, 'sound='],
];

describe('schema and route', () => {
  it.for(GOOD)('both take %s', async (query) => {
    expect([schemas(query), await converter()(query)]).toEqual([{ field: null }, { field: null }]);
  });

  it.for(BAD)('both refuse %s', async ([query, field]) => {
    const said = schemas(query).field;
    expect(said).toContain(field);
    expect(said).not.toMatch(/example|etc.passwd|javascript|loud/);
    expect(await converter()(query)).not.toEqual({ field: null });
  });
});

describe('the check', () => {
  it('takes an upload without any field, and refuses wrong ones', () => {
    check('remuxUpload', { query: new Map([['video', 'copy']]) });
    check('remuxUpload', { query: new Map() });
    expect(() => check('remuxUpload', { query: new Map([['program', 'x']]) })).toThrow(
      expect.objectContaining({ code: 'bad-request', message: 'program= must be a whole number' }),
    );
  });

  it('of an operation that nobody described is a bug', () => {
    expect(() => check('nonsense', { query: new Map() })).toThrow('nonsense');
  });
});
