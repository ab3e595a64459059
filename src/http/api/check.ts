import type { z } from 'zod';
import { MediaError } from '../../core/errors.ts';
import type { ApiInput, ApiRoute } from './route.ts';

/** Holds requests against the schemas of their operations. */
export type RequestCheck = (operation: string, input: ApiInput) => void;

export function createRequestCheck(routes: readonly ApiRoute[]): RequestCheck {
  const byName = new Map(routes.map((route) => [route.name, route]));
  return (operation, { query, params, body }) => {
    const route = byName.get(operation);
    if (!route) throw new Error(`There is no operation ${operation}`);
    if (route.query) hold(route.query, filled(query), (field) => `${field}=`);
    if (route.params && params) hold(route.params, params, (field) => `{${field}}`);
    if (route.body?.schema) hold(route.body.schema, body, (field) => field);
  };
}

/** An empty field counts as one that is not there. */
const filled = (query: ReadonlyMap<string, string>): Readonly<Record<string, string>> =>
  Object.fromEntries([...query].filter(([, value]) => value !== ''));

/** What was sent is not told back: it may hold a password. */
function hold(schema: z.ZodType, value: unknown, named: (field: string) => string): void {
  const { error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (!issue) return;
  const field = issue.path.join('.');
  throw new MediaError('bad-request', `${field === '' ? 'The body' : named(field)} ${reasonOf(issue)}`);
}

const reasonOf = ({ message }: z.core.$ZodIssue): string =>
  /^[A-Z]/.test(message) ? `is wrong: ${message.charAt(0).toLowerCase()}${message.slice(1)}` : message;
