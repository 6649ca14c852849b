// Builds the site folder: optimised wasm, its loader, the style sheets and `public`, with hashed
// names and precompressed. Run by make; argument: the folder of the server program, where hash.txt
// is written. Does nothing if no input has changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import esbuild from 'esbuild';
import { PurgeCSS } from 'purgecss';
import * as sass from 'sass';

const NAME = 'chuangquan';
const here = import.meta.dirname;
const root = path.dirname(here);
const target = path.join(root, 'target');
const site = path.join(target, 'site');
const pkg = path.join(site, 'pkg');
const bindings = path.join(target, 'bindings');
const programs = path.resolve(process.argv[2] ?? path.join(target, 'release'));
// The two wasm programs: all islands, and only those that show live counts.
const PROGRAMS = [['', 'all'], ['-live', 'live']];
const wasmInput = (program) => path.join(target, 'programs', `${program}.wasm`);

const filesBelow = (folder) =>
  fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();

const inputs = [
  ...PROGRAMS.map(([, program]) => wasmInput(program)),
  path.join(here, 'site.mjs'),
  path.join(here, 'package-lock.json'),
  ...filesBelow(path.join(root, 'style')),
  ...filesBelow(path.join(root, 'src', 'ui')),
  ...filesBelow(path.join(root, 'public')),
];
const digest = createHash('sha256');
for (const file of inputs) digest.update(file).update('\0').update(fs.readFileSync(file));
const stamp = digest.digest('hex');
const stampFile = path.join(target, 'site.stamp');
const hashFile = path.join(programs, 'hash.txt');
const known = fs.existsSync(stampFile) ? JSON.parse(fs.readFileSync(stampFile, 'utf8')) : {};
if (known.stamp === stamp && fs.existsSync(pkg)) {
  fs.writeFileSync(hashFile, known.hashes);
  process.exit(0);
}

const run = (program, ...args) => execFileSync(program, args, { stdio: 'inherit' });

// wasm-bindgen, then wasm-opt.
fs.rmSync(bindings, { recursive: true, force: true });
const wasmOpt = path.join(here, 'node_modules', '.bin', 'wasm-opt');
// Exactly the wasm features that rustc emits: newer ones would exclude older browsers.
const features = [
  'bulk-memory', 'bulk-memory-opt', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int',
  'reference-types', 'sign-ext',
].map((feature) => `--enable-${feature}`);
const built = PROGRAMS.map(([suffix, program]) => {
  const name = `${NAME}${suffix}`;
  run('wasm-bindgen', '--target', 'web', '--no-typescript', '--out-dir', bindings, '--out-name', name, wasmInput(program));
  const smaller = path.join(bindings, `${name}.smaller.wasm`);
  const smallest = ['-Oz', '--converge', '--strip-producers', '--strip-target-features'];
  run(wasmOpt, ...smallest, '--mvp-features', ...features, path.join(bindings, `${name}_bg.wasm`), '-o', smaller);
  const js = esbuild.buildSync({
    entryPoints: [path.join(bindings, `${name}.js`)],
    bundle: false, format: 'esm', minify: true, write: false, target: 'es2022', charset: 'utf8',
  }).outputFiles[0].contents;
  return { suffix, js, wasm: fs.readFileSync(smaller) };
});

// Style sheets, compiled for older browsers too.
const esbuildTarget = ['chrome80', 'safari13', 'firefox78'];
const sources = filesBelow(path.join(root, 'src')).filter((file) => file.endsWith('.rs'));
const css = async (name) => {
  const scss = sass.compile(path.join(root, 'style', `${name}.scss`), { style: 'expanded' }).css;
  // Of WeUI only the rules whose classes pages use; our own rules are all kept.
  const [{ css: used }] = await new PurgeCSS().purge({
    content: sources,
    css: [{ raw: scss }],
    safelist: [/^(?!weui-)/],
    extractors: [{ extensions: ['rs'], extractor: (source) => source.match(/weui-[\w-]+/g) ?? [] }],
  });
  return esbuild.transformSync(used, { loader: 'css', minify: true, target: esbuildTarget, charset: 'utf8' }).code;
};

// Files get hashed names.
fs.rmSync(site, { recursive: true, force: true });
fs.mkdirSync(pkg, { recursive: true });
fs.cpSync(path.join(root, 'public'), site, { recursive: true });
const hashes = [];
const put = (kind, contents, suffix = '') => {
  const bytes = Buffer.from(contents);
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
  fs.writeFileSync(path.join(pkg, `${NAME}${suffix}.${hash}.${kind}`), bytes);
  hashes.push(`${suffix ? `${suffix.slice(1)}-` : ''}${kind}: ${hash}\n`);
};
put('css', await css('main'));
put('css', await css('desk'), '-desk');
for (const { suffix, js, wasm } of built) {
  put('js', js, suffix);
  put('wasm', wasm, suffix);
}

// Precompressed, if that makes them smaller.
const report = [];
for (const file of filesBelow(site)) {
  const bytes = fs.readFileSync(file);
  const br = zlib.brotliCompressSync(bytes, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gz = zlib.gzipSync(bytes, { level: 9 });
  if (br.length < bytes.length) fs.writeFileSync(`${file}.br`, br);
  if (gz.length < bytes.length) fs.writeFileSync(`${file}.gz`, gz);
  report.push(`${path.relative(site, file)}: ${bytes.length} bytes, ${br.length} brotli`);
}
fs.writeFileSync(hashFile, hashes.join(''));
fs.writeFileSync(stampFile, JSON.stringify({ stamp, hashes: hashes.join('') }));
console.log(report.join('\n'));
