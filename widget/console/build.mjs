/** Builds the console's script and style sheet into the folder that the server hands out. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

await build({
  absWorkingDir: here,
  entryPoints: [
    { in: 'main.ts', out: 'console' },
    { in: 'styles/console.css', out: 'console' },
  ],
  outdir: fileURLToPath(new URL('../../app/web/static/', import.meta.url)),
  bundle: true,
  minify: true,
  charset: 'utf8',
  format: 'iife',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
});
