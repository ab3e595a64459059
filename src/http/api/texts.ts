import { z } from 'zod';

// Schemas of the texts that fields of queries are.

/** Read as a number, told as an integer. */
export const wholeNumber = (about: string) =>
  z
    .string()
    .transform(Number)
    .pipe(z.int('must be a whole number').min(0, 'must be a whole number'))
    .meta({ description: about });

export const seconds = (about: string) =>
  z
    .string()
    .regex(/^\d{1,7}(\.\d{1,9})?$/, 'must be seconds (12 or 12.5)')
    .meta({ description: about, examples: ['12.5'] });

/** The first one is what is done where nothing is asked for. */
export const oneOf = <const T extends readonly [string, ...string[]]>(choices: T, about: string) =>
  z.enum(choices, `must be one of ${choices.join(', ')}`).meta({ description: about });

export const text = (about: string) => z.string().meta({ description: about });

/**
 * Words with commas between them, in any case.
 * @param word the alternatives of a regular expression
 */
export const words = (word: string, { reason, about }: { readonly reason: string; readonly about: string }) =>
  z
    .string()
    .toLowerCase()
    .regex(new RegExp(`^ *(${word})? *(, *(${word})? *)*$`), {
      error: ({ input }) => `${reason}, not "${firstOther(String(input), new RegExp(`^(${word})?$`))}"`,
    })
    .meta({ description: about });

const firstOther = (list: string, word: RegExp): string =>
  list
    .split(',')
    .map((each) => each.trim())
    .find((each) => !word.test(each))
    ?.slice(0, 32) ?? '';
