import { z } from 'zod';
import type { ApiAnswer, ApiBody, ApiRoute } from './api/route.ts';

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Error codes are told as a text: there may be more of them some day. */
const errorBody = z.looseObject({
  error: z.looseObject({
    code: z.string().meta({ examples: ['bad-request'] }),
    message: z.string().meta({ description: 'What to do about it, for a person.' }),
    offset: z.number().optional().meta({ description: 'Byte of the file where the fault was met.' }),
    path: z.string().optional().meta({ description: 'Place in the structure of the file.' }),
  }),
});

/** Any of them opens what API_PASSWORD guards. */
const SCHEMES = {
  query: { type: 'apiKey', in: 'query', name: 'api_password' },
  header: { type: 'apiKey', in: 'header', name: 'X-Api-Password' },
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic', description: 'With any user.' },
} as const;

/** OpenAPI 3.1 of these operations; schemas are what their requests are checked by. */
export function openApiDocument(routes: readonly ApiRoute[], info: ApiInfo) {
  return {
    openapi: '3.1.1',
    info,
    // Relative to the document: it lies wherever the server does.
    servers: [{ url: './' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: pathsOf(routes),
    components: {
      schemas: { Error: schemaOf(errorBody) },
      securitySchemes: SCHEMES,
    },
  };
}

export type ApiDocument = ReturnType<typeof openApiDocument>;

function pathsOf(routes: readonly ApiRoute[]): Readonly<Record<string, Json>> {
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return paths;
}

function operationOf(route: ApiRoute): Json {
  const { name, tag, summary, description, body, access } = route;
  const parameters = [...pathParameters(route), ...queryParameters(route)];
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: requestBody(body) } : {}),
    responses: responsesOf(route),
    // An empty one: where no password is set, none is asked for.
    security: access === 'open' ? [] : [{}, ...Object.keys(SCHEMES).map((scheme) => ({ [scheme]: [] }))],
  };
}

/** Names of the parts of a path that stand in braces. */
export const pathNames = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

function pathParameters({ path, params }: ApiRoute): Json[] {
  const schemas = params ? propertiesOf(params).properties : {};
  return pathNames(path).map((name) => parameter('path', { name, isRequired: true, schema: schemas[name] }));
}

function queryParameters({ query, prefixes = {} }: ApiRoute): Json[] {
  const { properties, required } = query ? propertiesOf(query) : { properties: {}, required: [] };
  const fields = Object.entries(properties).map(([name, schema]) =>
    parameter('query', { name, isRequired: required.includes(name), schema }),
  );
  return [...fields, ...Object.entries(prefixes).map(prefixed)];
}

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: Json | undefined;
}

function parameter(place: 'path' | 'query', { name, isRequired, schema = { type: 'string' } }: Field): Json {
  const { description, ...rest } = schema;
  return {
    name,
    in: place,
    ...(isRequired ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  };
}

/** Fields with a common beginning: an object whose properties stand in the query by themselves. */
const prefixed = ([prefix, description]: readonly [string, string]): Json => ({
  name: `${prefix}…`,
  in: 'query',
  description,
  style: 'form',
  explode: true,
  schema: {
    type: 'object',
    patternProperties: { [`^${prefix}.`]: { type: 'string' } },
    additionalProperties: false,
  },
});

const requestBody = ({ type, description, schema }: ApiBody): Json => ({
  required: true,
  ...(description === undefined ? {} : { description }),
  content: { [type]: { schema: schema ? schemaOf(schema, 'input') : {} } },
});

const ERROR: Json = {
  description: 'What went wrong',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

const responsesOf = ({ answers }: ApiRoute): Json => ({
  ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
  ...(answers.default ? {} : { default: ERROR }),
});

const response = ({ description, type, schema }: ApiAnswer): Json => ({
  description,
  ...(type === undefined ? {} : { content: { [type]: schema ? { schema: schemaOf(schema) } : {} } }),
});

/** Without what JSON Schema has for files of their own; OpenAPI 3.1 takes the rest as it is. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function propertiesOf(schema: z.ZodObject) {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return { properties, required };
}
