// Shared by all benchmarks: servers, wrk, statistics.
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export const root = path.dirname(import.meta.dirname);
export const program = path.join(root, 'target/release/chuangquan');
/// The example `bench`: the server with baseline routes (benches/bench.rs).
export const bench = path.join(root, 'target/release/examples/bench');
export const PASSWORD = 'correct horse battery';
export const BROTLI = ['-H', 'Accept-Encoding: br'];
const run = promisify(execFile);
process.setMaxListeners(0);

/// A temporary folder, deleted when the process exits.
export const scratch = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chuangquan-bench-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/// Environment of a server with its data in `folder`, or in `database`.
export const settings = (folder, database) => ({
  ...process.env,
  CHUANGQUAN_DATABASE_URL: database ?? `sqlite://${folder}/chuangquan.db`,
  CHUANGQUAN_PHOTO_STORE: `${folder}/photos`,
  CHUANGQUAN_SECRET_FILE: `${folder}/secret`,
  CHUANGQUAN_LIMITS: 'off',
  LEPTOS_SITE_ADDR: '127.0.0.1:0',
  RUST_LOG: 'error',
});

export const command = (env, ...args) => run(program, args, { env, cwd: root });

/// Adds somebody with this role, login and grids or branches.
export const staff = async (env, login, role, ...places) => {
  const of = role === 'grid-worker' ? '--grid' : '--branch';
  const theirs = places.flatMap((place) => [of, place]);
  const args = ['staff', 'add', login, '--name', '王测试', '--role', role, ...theirs, '--password-stdin'];
  const adding = run(program, args, { env, cwd: root });
  adding.child.stdin.end(`${PASSWORD}\n`);
  await adding;
};

/// Adds a manager.
export const manager = (env) => staff(env, 'manager', 'manager');

/// Starts a server and waits for its address; `binary` is the program, or `bench`.
export const serve = async (env, binary = bench) => {
  if (binary === bench) {
    for (const name of ['hash.txt', 'scripts']) {
      fs.cpSync(path.join(root, 'target/release', name), path.join(path.dirname(bench), name), { recursive: true });
    }
  }
  const begun = process.hrtime.bigint();
  const child = spawn(binary, ['serve'], { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      out += text;
      const found = out.match(/http:\/\/[0-9.]+:\d+/);
      if (found) resolve(found[0]);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  return {
    url,
    pid: child.pid,
    begun,
    kill: async () => {
      kill();
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      process.off('exit', kill);
    },
  };
};

/// One HTTP request; resolves to the response with its body.
export const request = (url, { method = 'GET', headers = {}, body, agent } = {}) =>
  new Promise((resolve, reject) => {
    const asked = http.request(url, { method, headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    asked.on('error', reject).end(body);
  });

const cookies = (answer) => (answer.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]);

/// Cookie of a new visitor, from a real GET.
export const visit = async (url, agent) => cookies(await request(`${url}/`, { agent }))[0];

/// Cookies of a staff member.
export const logIn = async (url, login) => {
  const visitor = await visit(url);
  const answer = await request(`${url}/console/login`, {
    method: 'POST',
    headers: { cookie: visitor, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ login, password: PASSWORD }).toString(),
  });
  if (answer.status !== 303) throw new Error(`logging in answers ${answer.status}`);
  return [visitor, ...cookies(answer)].join('; ');
};

/// Stores the body of a page on the bench server, to be served by a baseline route.
export const keep = async (url, name, page, headers) => {
  const answer = await request(`${url}${page}`, { headers });
  const kept = { 'content-type': answer.headers['content-type'] };
  if (answer.headers['content-encoding']) kept['content-encoding'] = answer.headers['content-encoding'];
  await request(`${url}/bare/${name}`, { method: 'PUT', headers: kept, body: answer.body });
  return answer.body.length;
};

/// Runs wrk on one page: requests per second and latencies in milliseconds. Throws on refused
/// requests, unless the output of wrk contains `expect`.
export const wrk = async (url, { connections = 64, seconds = 3, args = [], env = {} } = {}) => {
  const threads = Math.min(1, connections);
  const { stdout } = await run(
    'wrk',
    [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--latency', ...args, url],
    { env: { ...process.env, ...env }, maxBuffer: 1 << 24 },
  );
  const refused = stdout.match(/Non-2xx or 3xx responses: (\d+)/);
  const broken = stdout.match(/Socket errors: .*/);
  if (refused || broken) throw new Error(`${url}: ${refused?.[0] ?? ''} ${broken?.[0] ?? ''}`);
  const ms = (label) => {
    const found = stdout.match(new RegExp(`${label}\\s+([\\d.]+)(us|ms|s|m)\\b`));
    return Number(found[1]) * { us: 0.001, ms: 1, s: 1000, m: 60000 }[found[2]];
  };
  return { rate: Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]), median: ms('50%'), p99: ms('99%'), stdout };
};

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
export const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];

/// Runs each entry of `what` in turn, `rounds` times; median and range of each.
export const alternating = async (rounds, what) => {
  const seen = Object.fromEntries(Object.keys(what).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, measure] of Object.entries(what)) seen[name].push(await measure());
  }
  return seen;
};

/// `1,234 (1,200 to 1,300)`
export const spread = (list, digits = 0) => {
  const say = (n) => n.toLocaleString('en', { maximumFractionDigits: digits });
  return `${say(median(list))} (${say(Math.min(...list))} to ${say(Math.max(...list))})`;
};

/// Resident memory of a process in KB.
export const resident = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

/// CPU seconds of a process.
export const processor = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  const hertz = Number(execFileSync('getconf', ['CLK_TCK']));
  return (Number(fields[11]) + Number(fields[12])) / hertz;
};

/// Duration of one fdatasync of 4 KB in `folder` in ms: median of 200.
export const fsync = (folder) => {
  const file = path.join(folder, 'fsync');
  const handle = fs.openSync(file, 'w');
  const times = [];
  for (let n = 0; n < 200; n += 1) {
    fs.writeSync(handle, Buffer.alloc(4096, n));
    const begun = process.hrtime.bigint();
    fs.fdatasyncSync(handle);
    times.push(Number(process.hrtime.bigint() - begun) / 1e6);
  }
  fs.closeSync(handle);
  fs.rmSync(file);
  return median(times);
};

export { sleep };
