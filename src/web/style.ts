/** Style sheet of the player page; follows the system's light or dark scheme. */
export const STYLE = `
:root {
  --ground: #f5f6f9; --card: #fff; --text: #1a1f2c; --dim: #596176; --line: #d9dde6;
  --accent: #1f62d8; --on-accent: #fff; --good: #13693b; --good-ground: #dff4e7;
  --warn: #7a4a00; --warn-ground: #fff1d6; --bad: #a11d25; --bad-ground: #fde6e6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10131a; --card: #191e29; --text: #e8ebf2; --dim: #9aa3b7; --line: #2c3342;
    --accent: #4c8dff; --on-accent: #06122b; --good: #7fdca6; --good-ground: #14301f;
    --warn: #ffcf7d; --warn-ground: #33260d; --bad: #ff9c9c; --bad-ground: #381719;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
header { display: flex; gap: 1rem; align-items: center; margin-bottom: 1.5rem; }
header p { margin: .1rem 0 0; color: var(--dim); max-width: 46rem; }
.logo { flex: none; width: 3.25rem; height: 3.25rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 .35rem; font-size: 1.05rem; }
label { display: block; font-weight: 600; margin-bottom: .35rem; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; }
input { flex: 1 1 20rem; min-width: 0; padding: .6rem .75rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; }
input[readonly] { color: var(--dim); font-size: .9rem; }
select { font: inherit; font-weight: 400; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; padding: .3rem .5rem; }
button { padding: .6rem 1.2rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent);
  border: 1px solid var(--accent); border-radius: .5rem; cursor: pointer; }
button.quiet { color: var(--accent); background: transparent; border-color: var(--line); }
.file { position: relative; margin: 0; padding: .6rem 1.2rem; color: var(--accent); border: 1px solid var(--line);
  border-radius: .5rem; cursor: pointer; text-align: center; }
.file:hover { border-color: var(--accent); }
.file:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.file input { position: absolute; inset: 0; width: 100%; opacity: 0; cursor: pointer; }
button:hover { filter: brightness(1.08); }
button.quiet:hover { border-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.stage { position: relative; margin-top: 1.25rem; aspect-ratio: 16 / 9; max-height: 75vh; width: 100%; overflow: hidden;
  border-radius: .75rem; background: #0b0e14; display: grid; place-items: center; }
.stage video { width: 100%; height: 100%; display: block; background: #000; }
.stage p { color: var(--dim); padding: 1rem; text-align: center; margin: 0; }
/* Nothing to show: a quiet card instead of a black screen. */
.stage:has(#empty:not([hidden])) { aspect-ratio: auto; min-height: 14rem; background: var(--card); border: 2px dashed var(--line); }
.bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; min-height: 2.75rem;
  margin-top: .5rem; }
.bar p { margin: 0; color: var(--dim); font-variant-numeric: tabular-nums; }
.bar label { margin: 0; }
.bar button { padding: .3rem .8rem; }
.notice { margin-top: 1rem; padding: .8rem 1rem; border-radius: .6rem; border-left: .3rem solid currentColor; }
.notice p { margin: .2rem 0 0; color: var(--text); overflow-wrap: anywhere; }
.notice p:empty { display: none; }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.small { font-size: .9rem; color: var(--dim); }
#about { margin-top: 1rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
#summary { margin: 0 0 .75rem; }
#warnings { margin: .75rem 0 0; padding-left: 1.1rem; }
#warnings:empty { display: none; }
#about label { margin-top: 1.1rem; font-size: .9rem; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--dim); padding: .25rem .75rem .35rem 0; }
td { padding: .55rem .75rem .55rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td small { display: block; color: var(--dim); }
td:nth-child(-n + 3) { white-space: nowrap; }
.tag { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; }
.copy { color: var(--good); background: var(--good-ground); }
.transcode { color: var(--warn); background: var(--warn-ground); }
.omit { color: var(--bad); background: var(--bad-ground); }
@media (max-width: 40rem) {
  header { align-items: flex-start; }
  input { flex-basis: 100%; }
  form button, .file { flex: 1; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tr { display: block; padding: .6rem 0; border-top: 1px solid var(--line); }
  td:nth-child(n) { white-space: normal; }
  td { display: grid; grid-template-columns: 7.5rem 1fr; padding: .15rem 0; border: 0; }
  td::before { content: attr(data-label); color: var(--dim); font-size: .85rem; padding-top: .1rem; }
  td:empty { display: none; }
}
@media (prefers-reduced-motion: no-preference) { button { transition: filter .15s, border-color .15s; } }
`;
