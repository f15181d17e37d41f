// Copies what needs no bundling: the demo page's files, and the API documentation's reader from its npm package.
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, '../../app/web/static');
const reader = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

await mkdir(out, { recursive: true });
for (const file of ['demo.css', 'demo.js']) await copyFile(path.join(here, file), path.join(out, file));
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'swagger-ui-standalone-preset.js']) {
  await copyFile(path.join(reader, file), path.join(out, file));
}
