// `make bench`: measures every figure with its baseline in the same run, writes benches/RESULTS.md.
// Needs the release builds of the program and of the example `bench`, wrk, and PostgreSQL at
// DATABASE_URL_POSTGRES (tools/with-postgres.sh). Arguments select the parts; the others stay as they
// were measured.
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
const file = path.join(root, 'benches/RESULTS.md');
/// What was measured before: the text of each part.
const sections = Object.fromEntries(
  fs.readFileSync(file, 'utf8').split(/^## /m).slice(1).map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n')).trim()]),
);

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const changed = git('status', '--porcelain', '--', 'src', 'Cargo.lock') === '' ? '' : ', with changes not committed';
const machine = `${os.cpus().length} × ${os.cpus()[0].model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, a 4 KB fdatasync in ${fsync(scratch()).toFixed(2)} ms`;
for (const [name, part] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const since = Date.now();
  const rows = await part();
  const minutes = ((Date.now() - since) / 60000).toFixed(1);
  sections[name] = `${git('rev-parse', '--short', 'HEAD')}${changed}, ${new Date().toISOString().slice(0, 16)}Z, ${minutes} minutes, on ${machine}

| figure | goal | measured | against | ratio or verdict |
|---|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`;
  console.log(`· ${name}: ${minutes} minutes`);
  for (const row of rows) console.log(`  ${row.join(' | ')}`);
}

const measured = Object.keys(parts).filter((name) => sections[name]);
const text = `# Results

Written by \`make bench\`; do not edit. Each part stands with the commit that it was measured on, and
figures beside their limits in the same run: two cores carry the server, the load and, where named,
PostgreSQL. Method: wrk with one thread; five alternating rounds, median (least to most); cookies come
from real GETs, \`CHUANGQUAN_LIMITS=off\`. The siege has its limits on, and one core for the server.

${measured.map((name) => `## ${name}\n${sections[name]}\n`).join('\n')}`;
fs.writeFileSync(file, text);
console.log(path.relative(root, file));
process.exit(0);
