// Honest people while one network attacks. The server, with its limits on, has one core of its own;
// attacker and honest people share the other. `node benches/siege.mjs [short|long] [KIND …]`. The long
// form fails where a bar is missed. The short one is part of `make test`, on machines that do other
// things as well: it fails where a bar is missed by four times.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { command, percentile, processor, program, resident, root, scratch, settings, sleep } from './lib.mjs';

/// Kinds of attack (benches/siege/attack.mjs), and what the server is started with.
const KINDS = {
  pages: [],
  connections: [],
  readers: ['prlimit', '--nofile=4096'],
  forms: [],
  pictures: [],
  rows: [],
  names: [],
};

/// The 99th percentile of what honest people may have to wait, in milliseconds.
const BARS = { page: 1_000, signature: 500, report: 5_000 };

const env = (folder) => {
  const { CHUANGQUAN_LIMITS: _, ...on } = settings(folder);
  return on;
};

/// A server on the first core.
const serve = async (folder, before) => {
  const child = spawn('taskset', ['-c', '0', ...before, program, 'serve'], { env: env(folder), cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const url = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
      const found = out.match(/http:\/\/[0-9.]+:\d+/);
      if (found) resolve(found[0]);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { child, url };
};

/// A script on the second core; resolves to the JSON that it prints at its end.
const beside = (script, ...args) =>
  new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', '1', process.execPath, path.join(root, 'benches/siege', script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.on('exit', (code) => (code === 0 ? resolve(JSON.parse(out.trim().split('\n').at(-1))) : reject(new Error(`${script} ended with ${code}`))));
  });

const besiege = async (kind, { seconds, reports, tolerated }) => {
  const folder = scratch();
  await command(env(folder), 'seed', '--signatures', '1000', '--reports', String(reports));
  const { child, url } = await serve(folder, KINDS[kind]);
  const counted = async () => JSON.parse(await (await fetch(`${url}/counts.json`)).text());
  const before = await counted();
  const attack = beside('attack.mjs', kind, url, String(seconds));
  // Time to take what it can.
  await sleep(Math.min(5_000, seconds * 250));
  const used = processor(child.pid);
  const begun = Date.now();
  const honest = await beside('honest.mjs', url, String(seconds - Math.min(5, seconds / 4)));
  const load = (processor(child.pid) - used) / ((Date.now() - begun) / 1000);
  const { statuses, seconds: took } = await attack;
  const after = await counted();
  const memory = resident(child.pid) / 1024;
  child.removeAllListeners('exit');
  child.kill('SIGTERM');
  await new Promise((resolve) => child.on('exit', resolve));
  await command(env(folder), 'recount');
  const done = Object.entries(statuses).map(([status, n]) => `${n} × ${status}`);
  const p99 = (of) => percentile(honest[of], 0.99);
  const within = (times) => Object.entries(BARS).every(([of, bar]) => honest[of].length > 0 && p99(of) <= bar * times);
  const said = Object.keys(BARS).map((of) => `${of} ${p99(of)?.toFixed(0)} ms (${honest[of].length})`);
  return {
    passed: within(tolerated),
    row: [
      `besieged by ${kind}: what honest people wait, 99th percentile`,
      'page ≤ 1,000, signature ≤ 500, report with photo ≤ 5,000 ms',
      said.join(', '),
      `in ${took.toFixed(0)} s: ${done.join(', ')}; server ${(load * 100).toFixed(0)} % of its core, ${memory.toFixed(0)} MB; counted since: ${after.signatures - before.signatures} signatures, ${after.reports.received - before.reports.received} reports`,
      `${within(1) ? 'met' : 'not met'}, recount clean`,
    ],
  };
};

const FORMS = {
  short: { seconds: 8, reports: 20_000, tolerated: 4 },
  long: { seconds: 60, reports: 100_000, tolerated: 1 },
};

/// The rows for RESULTS.md.
export const siege = async () => {
  const rows = [];
  for (const kind of Object.keys(KINDS)) rows.push((await besiege(kind, FORMS.long)).row);
  return rows;
};

if (process.argv[1] === import.meta.filename) {
  const [form, ...chosen] = process.argv.slice(2);
  let missed = 0;
  for (const kind of chosen.length ? chosen : Object.keys(KINDS)) {
    const { passed, row } = await besiege(kind, FORMS[form]);
    const [, , waited, answered, verdict] = row;
    console.log(`  ${kind}: ${waited}: ${verdict} (${answered})`);
    missed += passed ? 0 : 1;
  }
  process.exit(missed === 0 ? 0 : 1);
}
