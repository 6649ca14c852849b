// Builds the scripts of src/browser into a folder `scripts` beside the server program, which
// reads them when it starts. Run by make; takes the folder of the program.
import path from 'node:path';
import esbuild from 'esbuild';

const here = import.meta.dirname;
const browser = path.join(path.dirname(here), 'src', 'browser');
const scripts = ['service_worker', 'service_worker_off', 'start_islands', 'wechat_share'];

esbuild.buildSync({
  entryPoints: scripts.map((name) => path.join(browser, `${name}.ts`)),
  outdir: path.join(path.resolve(process.argv[2]), 'scripts'),
  nodePaths: [path.join(here, 'node_modules')],
  bundle: true,
  format: 'iife',
  minify: true,
  // Else each would begin with "use strict".
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, strict: false } },
  charset: 'utf8',
  // Browsers that are older get pages without scripts.
  target: ['chrome80', 'safari13', 'firefox78'],
  // All of them know both, Safari 13 but for corners that nothing here touches.
  supported: { destructuring: true, 'dynamic-import': true },
});
