import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../../src/app.ts';
import type { ApiRoute } from '../../../src/http/api/route.ts';
import { API_ROUTES } from '../../../src/http/api/routes.ts';
import { openApiDocument, pathNames } from '../../../src/http/openapi.ts';
import { labelOf } from '../../../src/http/request-log.ts';

const INFO = { title: 'Sluice', version: '1' };
const document = JSON.parse(JSON.stringify(openApiDocument(API_ROUTES, INFO)));

/** All objects in it, with where they lie. */
function* walk(value: unknown, place = '#'): Generator<readonly [string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  yield [place, value as Record<string, unknown>];
  for (const [name, inner] of Object.entries(value))
    yield* walk(inner, `${place}/${name.replaceAll('/', '~1')}`);
}

const places = new Map([...walk(document)]);
const operations = [...places].filter(([, { operationId }]) => typeof operationId === 'string');

describe('the document', () => {
  it('is OpenAPI 3.1 with what it must have', () => {
    expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.1\.\d$/), info: INFO });
    expect(operations).toHaveLength(API_ROUTES.length);
    for (const [place, operation] of operations) {
      expect(Object.keys(operation.responses as object).length, place).toBeGreaterThan(1);
      for (const answer of Object.values(operation.responses as object))
        expect(answer.description, place).toMatch(/\S/);
    }
  });

  it('refers to nothing that is not there', () => {
    const references = [...places].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => !places.has(reference))).toEqual([]);
  });

  it('names each operation once, and each in a group that is listed', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set(document.tags.map(({ name }: { readonly name: string }) => name));
    for (const [, operation] of operations) expect(tags).toContain((operation.tags as readonly string[])[0]);
  });

  it('tells each parameter once, those of the path and no others', () => {
    for (const [place, { parameters = [] }] of operations) {
      const list = parameters as { name: string; in: string; required?: boolean; schema: object }[];
      const keys = list.map(({ name, in: where }) => `${where} ${name}`);
      expect(new Set(keys).size, place).toBe(keys.length);
      const inPath = list.filter(({ in: where }) => where === 'path');
      const path = place.split('/')[2]?.replaceAll('~1', '/') ?? '';
      expect(inPath.map(({ name }) => name).sort(), place).toEqual(pathNames(path).sort());
      expect(
        inPath.every(({ required }) => required === true),
        place,
      ).toBe(true);
      for (const { schema } of list) expect(schema, place).toBeTypeOf('object');
    }
  });

  it('has schemas that say something, in the dialect of OpenAPI', () => {
    const schemas = [...places].filter(([place]) => /\/schema$/.test(place));
    expect(schemas.length).toBeGreaterThan(20);
    for (const [place, schema] of schemas) {
      expect(schema, place).not.toHaveProperty('$schema');
      if (!place.includes('octet-stream')) expect(Object.keys(schema), place).not.toEqual([]);
    }
  });

  it('asks for a password where the server does', () => {
    const guarded = operations.filter(([, { security }]) => (security as readonly unknown[]).length > 0);
    expect(guarded.map(([, { operationId }]) => operationId)).toEqual(
      API_ROUTES.filter(({ access }) => access === 'password').map(({ name }) => name),
    );
  });

  it('tells of a field what it is checked by', () => {
    const { parameters } = document.paths['/remux.mp4'].get;
    const find = (name: string) => parameters.find((one: { readonly name: string }) => one.name === name);
    expect(find('d')).toMatchObject({
      in: 'query',
      required: true,
      schema: { type: 'string', maxLength: 8192 },
    });
    expect(find('maxheight')).toMatchObject({ schema: { type: 'integer', minimum: 0 } });
    expect(find('maxheight')).not.toHaveProperty('required');
    expect(find('seek').schema.enum).toEqual(['before', 'after', 'accurate']);
    expect(find('start').schema.pattern).toMatch(/^\^/);
    expect(find('h_…').schema.patternProperties).toEqual({ '^h_.': { type: 'string' } });
  });

  it('takes bodies, other errors and paths without schemas', () => {
    const route: ApiRoute = {
      name: 'say',
      method: 'post',
      path: '/say/{what}',
      tag: 'Test',
      summary: 'Says it',
      description: 'Twice.',
      body: { type: 'application/json', schema: z.object({ loud: z.boolean().default(false) }) },
      answers: { 204: { description: 'Said' }, default: { description: 'Not said', type: 'text/plain' } },
      access: 'open',
    };
    expect(openApiDocument([route], INFO).paths['/say/{what}']?.post).toEqual({
      operationId: 'say',
      tags: ['Test'],
      summary: 'Says it',
      description: 'Twice.',
      parameters: [{ name: 'what', in: 'path', required: true, schema: { type: 'string' } }],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { type: 'object', properties: { loud: { default: false, type: 'boolean' } } },
          },
        },
      },
      responses: {
        204: { description: 'Said' },
        default: { description: 'Not said', content: { 'text/plain': {} } },
      },
      security: [],
    });
  });
});

/** What is no interface: pages, their files, and what is told to browsers before they ask. */
const PAGES: ReadonlySet<string> = new Set([
  'GET /',
  'GET /:end{$}',
  'GET /web/:name',
  'GET /browse/:root',
  'GET /browse/:root/:path',
  'GET /docs',
  'GET /docs/',
  'GET /docs/:name',
]);

/** What is refused by name, so that nobody looks for a slip: the whole app of another server has it. */
const REFUSED: ReadonlySet<string> = new Set(
  [
    ...['proxy/mpd/*', 'proxy/acestream/*', 'proxy/telegram/*', 'extractor/*', 'playlist/builder'],
    ...['speedtest', 'speedtest/*'],
  ].flatMap((path) => [`GET /${path}`, `POST /${path}`]),
);

/** What OpenAPI has no words for: a path within a path, torrents by forty digits, a POST that changes nothing. */
const UNTOLD =
  /^(GET|POST) (\/stremio\/:key)?(\/proxy\/:options\{.*|\/:infoHash\{.*)$|^POST (\/stremio\/:key)?\/settings$/;

/** `/hls/:token/:file` as OpenAPI writes it. */
const asTold = (pattern: string): string => labelOf(pattern).replaceAll(/:(\w+)/g, '{$1}');

describe('the routes of the app', () => {
  const app = createApp({} as never, Date.now);
  const mounted = app.routes
    .filter(({ method }) => method !== 'ALL' && method !== 'OPTIONS')
    .map(({ method, path }) => `${method} ${path}`);
  const told = new Set(API_ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`));

  it('are all in the document, or pages, or refused', () => {
    const missing = mounted.filter((route) => {
      const [method = '', pattern = ''] = route.split(' ');
      const shown = `${method} ${asTold(pattern)}`;
      const isPage = PAGES.has(`${method} ${labelOf(pattern)}`) || PAGES.has(route);
      return !told.has(shown) && !isPage && !REFUSED.has(route) && !UNTOLD.test(route);
    });
    expect([...new Set(missing)]).toEqual([]);
  });

  it('are there, each that the document tells of', () => {
    const patterns = new Set(mounted.map((route) => asTold(route)));
    expect([...told].filter((route) => !patterns.has(route))).toEqual([]);
  });
});
