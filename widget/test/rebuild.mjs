/**
 * Does with snapshots and events from a real server what the widget does: `node rebuild.mjs < cases.json`, each case a
 * stale snapshot and the events after it. Prints the state that comes of each. See tests/doors/test_state_rebuilt.py.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/stream/state.ts', import.meta.url));
const { outputFiles } = await build({ entryPoints: [source], bundle: true, format: 'esm', write: false });
const { apply, fromSnapshot } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`
);

const rebuilt = JSON.parse(readFileSync(0, 'utf8')).map(({ snapshot, events }) =>
  events.reduce(
    ({ state, needs }, event) => {
      const [after, need] = apply(state, event);
      return { state: after, needs: need ? [...needs, need] : needs };
    },
    { state: fromSnapshot(snapshot), needs: [] },
  ),
);
console.log(JSON.stringify(rebuilt));
