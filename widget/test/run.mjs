/** Bundles the tests as the widget is bundled, and hands them to node's own runner: `npm test`, `npm test -- state`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const names = readdirSync(here).filter(
  (name) => name.endsWith('.test.ts') && (!wanted.length || wanted.some((part) => name.includes(part))),
);
const out = mkdtempSync(join(tmpdir(), 'frontdesk-widget-'));
await build({
  entryPoints: names.map((name) => here + name),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outdir: out,
  outExtension: { '.js': '.mjs' },
  sourcemap: 'inline',
  logLevel: 'warning',
});
// Far longer than all of them take: one that does not end has to be told, not waited for.
const timeout = 300_000;
const files = names.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
const { status, error } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], {
  stdio: 'inherit',
  timeout,
});
rmSync(out, { recursive: true });
if (error) console.error(`The tests were broken off: ${error.message}`);
process.exitCode = status ?? 1;
