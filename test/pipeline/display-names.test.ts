import { expect, test } from 'vitest';
import { uniqueNames } from '../../src/pipeline/display-names.ts';

test.each([
  { name: 'different ones', names: ['a', 'b'], unique: ['a', 'b'] },
  { name: 'repeated ones', names: ['a', 'a', 'a'], unique: ['a', 'a (2)', 'a (3)'] },
  { name: 'one that has the number', names: ['a', 'a (2)', 'a'], unique: ['a', 'a (2)', 'a (3)'] },
  { name: 'what a list writes alike', names: ['a"b', 'a b', 'a\nb'], unique: ['a"b', 'a b (2)', 'a\nb (3)'] },
])('names of a group, $name', ({ names, unique }) => expect(uniqueNames(names)).toEqual(unique));
