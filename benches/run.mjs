// `make bench`: measures every figure with its baseline in the same run, writes benches/RESULTS.md.
// Needs the release builds of the program and of the example `bench`, wrk, and PostgreSQL at
// DATABASE_URL_POSTGRES (tools/with-postgres.sh). Arguments select the parts.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dearest } from './dearest.mjs';
import { fsync, root, scratch } from './lib.mjs';
import { growth } from './growth.mjs';
import { queue } from './queue.mjs';
import { reading } from './reading.mjs';
import { siege } from './siege.mjs';
import { signing } from './signing.mjs';
import { start } from './start.mjs';
import { streams } from './streams.mjs';

const parts = { start, reading, signing, queue, dearest, streams, growth, siege };
const chosen = process.argv.slice(2);
const begun = Date.now();
const rows = [];
for (const [name, part] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const since = Date.now();
  const found = await part();
  rows.push(...found);
  console.log(`· ${name}: ${Math.round((Date.now() - since) / 1000)} s`);
  for (const row of found) console.log(`  ${row.join(' | ')}`);
}

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const changed = git('status', '--porcelain', '--', 'src', 'Cargo.lock') === '' ? '' : ', with changes not committed';
const minutes = ((Date.now() - begun) / 60000).toFixed(1);
const text = `# Results

Written by \`make bench\`; do not edit. Figures of one run stand beside their limits in
the same run: two cores carry the server, the load and, where named, PostgreSQL.

- Machine: ${os.cpus().length} × ${os.cpus()[0].model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}
- Commit: ${git('rev-parse', '--short', 'HEAD')}${changed}, ${new Date().toISOString().slice(0, 16)}Z
- A 4 KB fdatasync takes ${fsync(scratch()).toFixed(2)} ms (median of 200)
- Method: wrk with one thread; five alternating rounds, median (least to most); cookies
  come from real GETs, \`CHUANGQUAN_LIMITS=off\`. The whole took ${minutes} minutes${chosen.length ? ` for ${chosen.join(', ')}` : ''}.

| figure | goal | measured | against | ratio or verdict |
|---|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
const file = chosen.length ? path.join(root, 'target/bench-part.md') : path.join(root, 'benches/RESULTS.md');
fs.writeFileSync(file, text);
console.log(`${path.relative(root, file)}: ${minutes} minutes`);
process.exit(0);
