/**
 * Writes docs/openapi.json and docs/api.md from the routes of the gateway's API. With `--check`, it only
 * compares the files with the routes (exit status 1: they differ).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './api-docs/document.ts';
import { apiPage } from './api-docs/page.ts';

const docs = join(import.meta.dirname, '../docs');

const document = openApiDocument();
const files: Readonly<Record<string, string>> = {
  'openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'api.md': apiPage(document),
};

for (const [name, text] of Object.entries(files)) {
  const path = join(docs, name);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`docs/${name} is not what the routes say; run "npm run api-docs".`);
    process.exitCode = 1;
  }
}
