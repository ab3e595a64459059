import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'mediaflow-proxy';

const texts = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .nullish();

const MAX_URL = 8192;

/** What one address is made of. Clients leave out what they do not need, or send null. */
const place = {
  endpoint: z
    .string()
    .nullish()
    .meta({ description: 'Path of the proxy', examples: ['/proxy/stream'] }),
  destination_url: z.string().nullish(),
  query_params: texts,
  request_headers: texts,
  response_headers: texts,
  propagate_response_headers: texts,
  remove_response_headers: z.array(z.string()).nullish(),
  filename: z.string().nullish(),
} as const;

const common = {
  mediaflow_proxy_url: z
    .url({ protocol: /^https?$/ })
    .max(MAX_URL)
    .meta({ description: 'Where this server is reached' }),
  expiration: z.number().int().positive().nullish().meta({ description: 'Seconds; of encrypted addresses' }),
  api_password: z.string().nullish().meta({ description: 'Encrypts the address' }),
  ip: z.string().nullish().meta({ description: 'The only client; of encrypted addresses' }),
} as const;

/** Addresses of one batch. */
const MAX_URLS = 1000;

export const generateUrl = z.object({
  ...common,
  ...place,
  base64_encode_destination: z.boolean().nullish(),
});
export const generateUrls = z.object({ ...common, urls: z.array(z.object(place)).max(MAX_URLS) });

export type GenerateUrl = z.input<typeof generateUrl>;
export type GenerateUrls = z.input<typeof generateUrls>;

const answer = (name: string, schema: z.ZodType) => ({
  200: { description: 'Made', type: 'application/json', schema: z.object({ [name]: schema }) },
});

const body = (schema: z.ZodType) => ({ type: 'application/json', schema });

export const PROXY_TOOL_ROUTES: readonly ApiRoute[] = [
  {
    name: 'generateUrl',
    method: 'post',
    path: '/generate_url',
    tag: TAG,
    summary: 'An address of the proxy, encrypted where a password is given',
    body: body(generateUrl),
    answers: answer('url', z.string()),
    access: 'open',
  },
  {
    name: 'generateUrls',
    method: 'post',
    path: '/generate_urls',
    tag: TAG,
    summary: 'Several of them, in the same order',
    body: body(generateUrls),
    answers: answer('urls', z.array(z.string())),
    access: 'open',
  },
  {
    name: 'generateEncodedUrl',
    method: 'post',
    path: '/generate_encrypted_or_encoded_url',
    tag: TAG,
    summary: 'As generate_url, for older clients',
    body: body(generateUrl),
    answers: answer('encoded_url', z.string()),
    access: 'open',
  },
  {
    name: 'encodeBase64',
    method: 'post',
    path: '/base64/encode',
    tag: TAG,
    summary: 'A URL in base64',
    query: z.object({ url: text('The URL.') }),
    answers: answer('encoded_url', z.string()),
    access: 'open',
  },
  {
    name: 'decodeBase64',
    method: 'post',
    path: '/base64/decode',
    tag: TAG,
    summary: 'A URL out of base64',
    query: z.object({ encoded_url: text('The URL in base64.') }),
    answers: answer('decoded_url', z.string()),
    access: 'open',
  },
  {
    name: 'checkBase64',
    method: 'get',
    path: '/base64/check',
    tag: TAG,
    summary: 'Whether a text is a URL in base64',
    query: z.object({ url: text('The text.') }),
    answers: answer('is_base64', z.boolean()),
    access: 'open',
  },
  {
    name: 'ownAddress',
    method: 'get',
    path: '/proxy/ip',
    tag: TAG,
    summary: 'The address that upstreams see requests of this server come from',
    answers: answer('ip', z.string()),
    access: 'password',
  },
  {
    name: 'compatHealth',
    method: 'get',
    path: '/health',
    tag: TAG,
    summary: 'Whether the server answers',
    answers: answer('status', z.literal('healthy')),
    access: 'open',
  },
];
