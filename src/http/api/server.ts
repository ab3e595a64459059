import { z } from 'zod';
import type { ApiRoute } from './route.ts';

const TAG = 'Server';

export const SERVER_ROUTES: readonly ApiRoute[] = [
  {
    name: 'health',
    method: 'get',
    path: '/healthz',
    tag: TAG,
    summary: 'Whether the server answers',
    answers: {
      200: {
        description: 'It does',
        type: 'application/json',
        schema: z.looseObject({ status: z.literal('ok') }),
      },
    },
    access: 'open',
  },
  {
    name: 'readMetrics',
    method: 'get',
    path: '/metrics',
    tag: TAG,
    summary: 'Counters for Prometheus',
    answers: { 200: { description: 'Counters', type: 'text/plain' } },
    access: 'password',
  },
  {
    name: 'readOpenApi',
    method: 'get',
    path: '/openapi.json',
    tag: TAG,
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
    access: 'open',
  },
];
