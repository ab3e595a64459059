import type { Title } from './title.ts';

/**
 * Numbers for the keys of a cache: by the planned title itself, since two sources may share size and beginning, and so
 * their version.
 */
export function createTitleNumbers(): (title: Title) => number {
  const numbers = new WeakMap<Title, number>();
  let titles = 0;
  return (title) => {
    const number = numbers.get(title) ?? ++titles;
    numbers.set(title, number);
    return number;
  };
}
