// Run in a project that has Sluice installed: imports every path of its exports, and prints what each one has.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(process.cwd(), 'node_modules/sluice');
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** What a star of a pattern can stand for. */
function namesOf(target) {
  const [before, behind] = target.split('*');
  return readdirSync(join(folder, before), { withFileTypes: true })
    .map((entry) =>
      behind.startsWith('/') || !entry.isFile() ? entry.name : entry.name.replace(/\.js$/, ''),
    )
    .filter((name) => existsSync(join(folder, before + name + behind)));
}

const doors = Object.entries(exports).flatMap(([door, target]) =>
  door.includes('*')
    ? namesOf(target).map((name) => ({ door: door.replace('*', name), target: target.replace('*', name) }))
    : [{ door, target }],
);

const found = {};
for (const { door, target } of doors) {
  if (target.endsWith('.json')) continue;
  if (!existsSync(join(folder, target.replace(/\.js$/, '.d.ts')))) throw new Error(`${door} has no types`);
  found[door] = Object.keys(await import(join('sluice', door))).sort();
}
console.log(JSON.stringify(found));
