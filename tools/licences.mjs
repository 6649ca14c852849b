// Writes the licence list of all linked crates and npm packages to tools/licences.tsv, which the
// page /licences shows. `--check` only reports whether the file is up to date.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'tools/licences.tsv';
// npm packages that are shipped; the others are for builds and tests only.
const shipped = ['idb', 'weui'];

/** Third-party crates linked for `target`, without build and dev dependencies. */
function crates(target) {
  const options = ['--format-version', '1', '--locked', '--all-features'];
  const text = execFileSync('cargo', ['metadata', ...options, '--filter-platform', target], {
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { packages, resolve } = JSON.parse(text);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const found = new Set();
  const wanted = [resolve.root];
  while (wanted.length > 0) {
    const id = wanted.pop();
    if (found.has(id)) continue;
    found.add(id);
    for (const dep of nodes.get(id).deps) {
      if (dep.dep_kinds.some(({ kind }) => kind === null)) wanted.push(dep.pkg);
    }
  }
  return packages.filter(({ id, source }) => found.has(id) && source !== null);
}

/** Replaces `/` by the SPDX operator `OR`. */
const spdx = (licence) => licence.replaceAll(/\s*\/\s*/g, ' OR ');

const rows = new Map();
for (const target of ['x86_64-unknown-linux-gnu', 'wasm32-unknown-unknown']) {
  for (const { name, version, license, repository } of crates(target)) {
    rows.set(`${name} ${version}`, [name, version, spdx(license ?? ''), repository ?? '']);
  }
}
const lock = JSON.parse(readFileSync('tools/package-lock.json', 'utf8'));
for (const name of shipped) {
  const { version, license } = lock.packages[`node_modules/${name}`];
  rows.set(`${name} ${version}`, [name, version, license, `https://www.npmjs.com/package/${name}`]);
}
const sorted = [...rows.keys()].sort().map((key) => rows.get(key).join('\t'));
const text = `${sorted.join('\n')}\n`;
const nameless = [...rows.values()].filter(([, , licence]) => licence === '');
if (nameless.length > 0) {
  console.error(`without a licence: ${nameless.map(([name]) => name).join(', ')}`);
  process.exit(1);
}
if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is not what Cargo.lock says: run make licences`);
  process.exit(1);
}
