// Cluster test: three nodes, one PostgreSQL and nginx (deploy/nginx.conf) on this machine. Commits
// on one node are seen on the others, and no failure loses a signature. `tools/with-postgres.sh
// node benches/cluster.mjs [short]`; asserts and prints what it measured.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { createRequire } from 'node:module';
import path from 'node:path';
import { command, logIn, manager, percentile, program, request, root, scratch, serve, settings, sleep, visit, wrk } from './lib.mjs';
import { visitors } from './signing.mjs';

const { chromium } = createRequire(path.join(root, 'end2end/package.json'))('@playwright/test');
const short = process.argv[2] === 'short';
const SECONDS = short ? 1.5 : 6;
const say = (text) => console.log(`  ${text}`);

const folder = scratch();
const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// A separate database in the PostgreSQL cluster.
const cluster = process.env.DATABASE_URL_POSTGRES;
const name = `cluster_${process.pid}`;
const sql = (text, database = cluster) => execFileSync('psql', [database, '-qtAc', text], { encoding: 'utf8' }).trim();
sql(`CREATE DATABASE ${name}`);
const database = cluster.replace(/[^/]*$/, name);

// The nodes share the database, the photos and the secret.
const PUBLIC = 'https://wenming.example.cn';
const env = { ...settings(folder, database), CHUANGQUAN_PUBLIC_URL: PUBLIC, CHUANGQUAN_TRUSTED_PROXIES: '127.0.0.1', RUST_LOG: 'off' };
const ports = [await freePort(), await freePort(), await freePort()];
const node = (n) => serve({ ...env, LEPTOS_SITE_ADDR: `127.0.0.1:${ports[n]}` }, program);
const nodes = [await node(0)];
nodes.push(...(await Promise.all([node(1), node(2)])));

// nginx with the configuration of deploy/, other ports and a self-signed certificate.
const front = await freePort();
const key = path.join(folder, 'key.pem');
const certificate = path.join(folder, 'certificate.pem');
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-days', '1', '-subj', '/CN=localhost'], { stdio: 'ignore' });
let site = fs.readFileSync(path.join(root, 'deploy/nginx.conf'), 'utf8');
const put = (what, with_) => {
  assert.ok(site.includes(what), `deploy/nginx.conf has ${what}`);
  site = site.replaceAll(what, with_);
};
put('server 127.0.0.1:3000 max_fails=0;', ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join('\n    '));
put('listen 443 ssl', `listen 127.0.0.1:${front} ssl`);
put('listen 80', `listen 127.0.0.1:${await freePort()}`);
put('/etc/ssl/chuangquan/fullchain.pem', certificate);
put('/etc/ssl/chuangquan/privkey.pem', key);
put('user www-data;', process.getuid() === 0 ? 'user root;' : '');
put('pid /run/nginx.pid;', `pid ${folder}/nginx.pid;\nerror_log ${folder}/nginx.log;`);
put('worker_processes auto;', 'worker_processes 1;');
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
put('http {', `http {\n${temporary.map((of) => `${of}_temp_path ${folder}/${of};`).join('\n')}\naccess_log off;`);
fs.writeFileSync(path.join(folder, 'nginx.conf'), site);
const nginx = spawn('nginx', ['-p', folder, '-c', `${folder}/nginx.conf`, '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'inherit'] });
process.on('exit', () => nginx.kill('SIGKILL'));
const url = `https://127.0.0.1:${front}`;
https.globalAgent.options.rejectUnauthorized = false;
for (let n = 0; n < 100; n += 1) {
  const up = await ask('/healthz').then((answer) => answer.status === 204, () => false);
  if (up) break;
  await sleep(50);
}

const agent = new https.Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
/// One request to nginx; rejects if the connection breaks.
function ask(where, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const asked = https.request(`${url}${where}`, { method, headers, agent, timeout: 30_000 }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    asked.on('timeout', () => asked.destroy(new Error('too slow'))).on('error', reject).end(body);
  });
}
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const signature = 'name=%E7%8E%8B%E6%B5%8B%E8%AF%95&grid=grid-07&pledges=home&consent=on';

// Clients that sign or report and retry until it is acknowledged; records refusals and delays.
const acknowledged = { visitors: new Set(), keys: new Set() };
const crowd = () => {
  const met = { done: 0, refused: [], slowest: 0 };
  let going = true;
  const insist = async (send, isDone) => {
    const begun = Date.now();
    for (;;) {
      const answer = await send().catch((error) => ({ status: 0, headers: {}, body: String(error) }));
      if (isDone(answer)) break;
      met.refused.push(answer);
      await sleep(100);
    }
    met.done += 1;
    met.slowest = Math.max(met.slowest, Date.now() - begun);
  };
  const someone = async (n) => {
    for (let turn = 0; going; turn += 1) {
      let cookie;
      await insist(async () => {
        const answer = await ask('/');
        cookie = answer.headers['set-cookie']?.[0].split(';')[0];
        return answer;
      }, (answer) => answer.status === 200);
      if ((n + turn) % 5 === 0) {
        const form_key = `${n}-${turn}-${Date.now()}`.padEnd(22, '0').slice(0, 22);
        const fields = { category: 'corridor', description: '三楼堆了旧家具', place: `测试小区${n}号楼`, grid: 'grid-01', consent: 'on', form_key };
        const bound = 'kluntje';
        const parts = Object.entries(fields).map(([field, value]) => `--${bound}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`);
        const headers = { cookie, 'content-type': `multipart/form-data; boundary=${bound}` };
        await insist(() => ask('/report', { method: 'POST', headers, body: `${parts.join('')}--${bound}--\r\n` }), (answer) => answer.status === 303);
        acknowledged.keys.add(form_key);
      } else {
        await insist(() => ask('/sign', { method: 'POST', headers: { ...form, cookie }, body: signature }), (answer) => answer.status === 303);
        acknowledged.visitors.add(cookie);
      }
    }
  };
  const people = Array.from({ length: 16 }, (_, n) => someone(n));
  return { met, end: async () => { going = false; await Promise.all(people); return met; } };
};
const during = async (what, happen) => {
  const people = crowd();
  await sleep(SECONDS * 250);
  await happen();
  await sleep(SECONDS * 500);
  const met = await people.end();
  const kinds = {};
  for (const answer of met.refused) kinds[answer.status || answer.body] = (kinds[answer.status || answer.body] ?? 0) + 1;
  say(`${what}: ${met.done} requests done, refused ${JSON.stringify(kinds)}, the slowest took ${met.slowest} ms`);
  return met;
};
const counts = async (n) => JSON.parse((await request(`${nodes[n].url}/counts.json`)).body);
const agree = async () => {
  for (let n = 0; n < 100; n += 1) {
    const all = await Promise.all([0, 1, 2].map(counts));
    if (all.every((one) => one.revision === all[0].revision)) return all[0];
    await sleep(50);
  }
  throw new Error('the nodes do not agree');
};

// 1. A signature on node 1 appears on node 3, on an open page.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
await page.goto(nodes[2].url);
const shown = page.locator('.hero__count .live-number');
const number = async () => Number((await shown.innerText()).replaceAll(',', ''));
await page.waitForFunction(() => performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('.wasm')));
await sleep(1000);
const latencies = [];
for (let n = 0; n < (short ? 3 : 20); n += 1) {
  const before = await number();
  const cookie = await visit(nodes[0].url);
  const answer = await request(`${nodes[0].url}/sign`, { method: 'POST', headers: { ...form, cookie }, body: signature });
  assert.equal(answer.status, 303);
  acknowledged.visitors.add(cookie);
  const since = Date.now();
  while ((await number()) <= before) {
    assert.ok(Date.now() - since < 5000, 'node 3 shows what node 1 committed');
    await sleep(10);
  }
  latencies.push(Date.now() - since);
  await sleep(300);
}
say(`signed on node 1, seen in a page of node 3 after ${percentile(latencies, 0.5)} ms, at most ${Math.max(...latencies)} ms`);
assert.ok(percentile(latencies, 0.5) < 1000, 'within a second');

// 2. Through nginx: `/live` is not buffered, Host and Origin are kept, sessions work on every node.
const stream = new Promise((resolve, reject) => {
  const asked = https.get(`${url}/live`, { rejectUnauthorized: false }, (answer) => {
    answer.once('data', (text) => { resolve(String(text)); asked.destroy(); });
  });
  asked.on('error', reject).setTimeout(3000, () => reject(new Error('/live is held back')));
});
assert.match(await stream, /^event: counts/);
const visitor = (await ask('/')).headers['set-cookie'][0].split(';')[0];
assert.match(visitor, /^__Host-visitor=/);
const posted = (origin) => ask('/sign', { method: 'POST', headers: { ...form, cookie: visitor, host: 'wenming.example.cn', origin }, body: signature });
assert.equal((await posted('https://evil.example')).status, 403);
assert.equal((await posted(PUBLIC)).status, 303);
acknowledged.visitors.add(visitor);
await manager(env);
const staff = await logIn(nodes[0].url, 'manager');
for (const { url: at } of nodes) assert.equal((await request(`${at}/console`, { headers: { cookie: staff } })).status, 200);
say('live counts come through nginx at once, another origin is refused, a session holds on every node');

// 3. A rolling restart under load: no client sees an error.
const rolling = await during('rolling restart', async () => {
  for (const n of [0, 1, 2]) {
    await nodes[n].stop();
    nodes[n] = await node(n);
    await sleep(short ? 100 : 1000);
  }
});
assert.deepEqual(rolling.refused, []);

// 4. Node 2 is killed: nginx sends its clients to another node.
const killed = await during('node 2 killed', async () => {
  await nodes[1].kill();
});
assert.deepEqual(killed.refused.filter((answer) => ![0, 502].includes(answer.status)), []);
nodes[1] = await node(1);

// 5. The LISTEN connections of the nodes are terminated.
const before = await agree();
const cut = sql(`SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'chuangquan listening' AND datname = '${name}'`);
assert.equal(cut, '3');
const met = await during('listeners cut off', () => sleep(100));
assert.deepEqual(met.refused, []);
assert.ok((await agree()).signatures > before.signatures);

// 6. PostgreSQL restarts: at worst 503 with Retry-After, and nodes recover on their own.
const restarted = await during('PostgreSQL restarted', async () => {
  const [first, ...rest] = process.env.POSTGRES_RESTART.trim().split(/\s+/);
  execFileSync(first, rest, { cwd: '/' });
  await sleep(short ? 500 : 2000);
});
for (const answer of restarted.refused) {
  assert.equal(answer.status, 503, answer.body);
  assert.ok(answer.headers['retry-after'], 'a 503 says when to come again');
}

// 7. Load (wrk) through nginx, and node 3 is killed meanwhile.
const cookies = path.join(folder, 'cookies');
await visitors(nodes[0].url, short ? 3000 : 30_000, cookies);
const load = wrk(url, {
  connections: 64,
  seconds: short ? 1 : 4,
  args: ['-s', path.join(root, 'benches/sign.lua')],
  env: { COOKIES: cookies, ROUTE: '/sign' },
}).catch((error) => ({ error: error.message }));
await sleep(short ? 500 : 2000);
await nodes[2].kill();
const loaded = await load;
say(`wrk through nginx, node 3 killed: ${loaded.error ?? `${Math.round(loaded.rate)} signatures a second, 99th percentile ${Math.round(loaded.p99)} ms`}`);
nodes[2] = await node(2);

// Every acknowledged write exists once, and every counter is right.
const last = await agree();
const stored = Number(sql(`SELECT COUNT(*) FROM signatures WHERE state = 'valid'`, database));
assert.equal(last.signatures, stored);
assert.ok(stored >= acknowledged.visitors.size);
const ordinals = new Set();
for (const cookie of acknowledged.visitors) {
  const signed = await request(`${nodes[ordinals.size % 3].url}/signed`, { headers: { cookie } });
  assert.equal(signed.status, 200, 'an acknowledged signature is there');
  ordinals.add(String(signed.body).match(/第\s*(?:<[^>]*>)*\s*([\d,]+)/)?.[1]);
}
assert.equal(ordinals.size, acknowledged.visitors.size, 'and nobody has the number of another');
const keys = sql(`SELECT form_key, COUNT(*) FROM reports GROUP BY form_key`, database).split('\n').map((line) => line.split('|'));
const filed = new Map(keys);
for (const form_key of acknowledged.keys) assert.equal(filed.get(form_key), '1', `${form_key} filed once`);
assert.equal(keys.filter(([, n]) => n !== '1').length, 0, 'no form filed twice');
await command(env, 'recount');
say(`${acknowledged.visitors.size} acknowledged signatures and ${acknowledged.keys.size} reports are there once; ${stored} signatures, revision ${last.revision}; recount is clean`);

await browser.close();
for (const one of nodes) await one.stop();
nginx.kill('SIGTERM');
process.exit(0);
