import { z } from 'zod';
import { selectionQuery } from './media.ts';
import type { ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'Uploads';

const upload = z.looseObject({
  id: z.string(),
  url: z.string().meta({ description: 'Path of its master playlist.' }),
  bytes: z.int(),
  expires: z.iso.datetime(),
});

const id = z.object({ id: text('As it was told when the file was stored.') });
const BODY = {
  type: 'application/octet-stream',
  description: 'The file; a form with one file is taken, too.',
};

export const UPLOAD_ROUTES: readonly ApiRoute[] = [
  {
    name: 'remuxUpload',
    method: 'post',
    path: '/remux',
    tag: TAG,
    summary: 'The file that is sent, as fragmented MP4 while it is still being sent',
    query: selectionQuery,
    body: BODY,
    answers: { 200: { description: 'Film', type: 'video/mp4' } },
    access: 'password',
  },
  {
    name: 'storeUpload',
    method: 'post',
    path: '/uploads',
    tag: TAG,
    summary: 'Stores a file for a while, to be played as `d=upload:<id>`',
    body: BODY,
    answers: { 201: { description: 'Stored', type: 'application/json', schema: upload } },
    access: 'password',
  },
  {
    name: 'findUpload',
    method: 'get',
    path: '/uploads/{id}',
    tag: TAG,
    summary: 'What is known of a stored file',
    params: id,
    answers: { 200: { description: 'There', type: 'application/json', schema: upload } },
    access: 'password',
  },
  {
    name: 'removeUpload',
    method: 'delete',
    path: '/uploads/{id}',
    tag: TAG,
    summary: 'Removes a stored file',
    params: id,
    answers: { 204: { description: 'Gone' } },
    access: 'password',
  },
];
