import { z } from 'zod';

/** What `/probe` answers, as far as programs should rely on it. */
export const titleDescription = z.looseObject({
  container: z.string(),
  duration: z.number().meta({ description: 'Seconds.' }),
  segments: z.int(),
  version: z.string().meta({ description: 'Changes when the file does.' }),
  tracks: z.array(
    z.looseObject({
      index: z.int(),
      kind: z.string(),
      codec: z.string().nullable().meta({ description: 'RFC 6381.' }),
      sourceCodec: z.string(),
      language: z.string().nullable(),
      name: z.string().nullable(),
      action: z.string().meta({ description: 'What is done with it.' }),
      reason: z.string().nullable(),
    }),
  ),
  renditions: z.array(
    z.looseObject({ name: z.string(), kind: z.enum(['video', 'audio']), codec: z.string() }),
  ),
  warnings: z.array(z.string()),
});
