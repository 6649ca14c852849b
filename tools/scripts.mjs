// Compiles the scripts of src/browser into a folder `scripts` next to the server program, which
// reads them at start. Run by make; argument: the folder of the program.
import path from 'node:path';
import esbuild from 'esbuild';

const here = import.meta.dirname;
const browser = path.join(path.dirname(here), 'src', 'browser');
const scripts = ['service_worker', 'service_worker_off', 'start_islands', 'prove', 'wechat_share'];

esbuild.buildSync({
  entryPoints: scripts.map((name) => path.join(browser, `${name}.ts`)),
  outdir: path.join(path.resolve(process.argv[2]), 'scripts'),
  nodePaths: [path.join(here, 'node_modules')],
  bundle: true,
  format: 'iife',
  minify: true,
  // Otherwise each output would begin with "use strict".
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, strict: false } },
  charset: 'utf8',
  // Older browsers get pages without scripts.
  target: ['chrome80', 'safari13', 'firefox78'],
  // All of them support both; Safari 13 has gaps that these scripts do not touch.
  supported: { destructuring: true, 'dynamic-import': true },
});
