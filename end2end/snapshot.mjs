// Snapshot of all error responses: each route, requested by each kind of caller with each kind of
// invalid input, as HTML and as JSON. To compare two versions: `diff -r` of their folders. `node
// snapshot.mjs FOLDER ADDRESS`, with MANAGER and PASSWORD; the database must be new.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder, address] = process.argv.slice(-2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const photo = readFileSync(here('photo.jpg'));
mkdirSync(folder, { recursive: true });

/** The routes in the route table's source: method and path. */
const table = [...readFileSync(here('../src/server/routes.rs'), 'utf8').matchAll(/\b(page|own|data|form)\(\s*"(\/[^"]*)"/g)]
  .map(([, kind, path]) => [kind === 'form' ? 'POST' : 'GET', path])
  .filter(([, path]) => path !== '/live');

/** An HTTP client that keeps cookies. */
class Asker {
  cookies = new Map();

  async ask(method, path, { body, headers = {} } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(address + path, {
      method, body, redirect: 'manual', headers: { ...(cookie && { cookie }), ...headers },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  async logIn(login) {
    await this.ask('GET', '/console/login');
    const body = new URLSearchParams({ login, password: process.env.PASSWORD });
    const { status, headers } = await this.ask('POST', '/console/login', { body });
    if (status !== 303 || headers.get('location') !== '/console') throw new Error(`${login} cannot log in`);
    return this;
  }
}

/** Replaces values that differ between runs (codes, dates, hosts). */
function plain(text) {
  return text
    .replace(/(name="(?:form_key|owner)" value=")[^"]*/g, '$1…')
    .replace(/(data-owner=")[^"]*/g, '$1…')
    .replace(/\.[\w-]{16}\.(css|js|wasm)/g, '.….$1')
    .replace(/(?<![\w-])[\w-]{22}(?![\w-])/g, '‹code›')
    .replace(/\d{4}年\d{1,2}月\d{1,2}日|\d{1,2}月\d{1,2}日/g, '‹day›')
    .replace(/\d{4}-\d{2}-\d{2}/g, '‹date›')
    .replace(/\d{1,2}:\d{2}(?::\d{2})?/g, '‹time›')
    .replace(/"(?:as_of|at|revision)":\d+/g, '"…":0')
    .replace(/(%2Freports%2F)[\w%-]+/g, '$1‹code›')
    .replace(/127\.0\.0\.1:\d+/g, '‹host›');
}

async function report(asker, grid) {
  await asker.ask('GET', '/report');
  const body = new FormData();
  for (const [name, value] of Object.entries({
    category: 'corridor', description: '三楼堆了旧家具', place: '测试小区3号楼', grid, consent: 'on',
  })) body.append(name, value);
  body.append('photos', new Blob([photo], { type: 'image/jpeg' }), 'a.jpg');
  const { headers, status } = await asker.ask('POST', '/report', { body });
  if (status !== 303) throw new Error(`a report was answered with ${status}`);
  return headers.get('location').split('/').at(-1);
}

const manager = await new Asker().logIn(process.env.MANAGER);
const program = process.env.PROGRAM ?? here('../target/release/chuangquan');
async function staff(login, role, ...scope) {
  execFileSync(program, ['staff', 'add', login, '--name', '王测试', '--role', role, '--password-stdin', ...scope], { input: process.env.PASSWORD, stdio: ['pipe', 'ignore', 'inherit'] });
  return new Asker().logIn(login);
}
const reporter = new Asker();
const code = await report(reporter, 'grid-01');
const neighbour = new Asker();
await report(neighbour, 'grid-01');
const visitor = new Asker();
await visitor.ask('GET', '/');
const askers = {
  anonymous: null, visitor, reporter,
  worker: await staff('worker', 'grid-worker', '--grid', 'grid-01'),
  elsewhere: await staff('elsewhere', 'grid-worker', '--grid', 'grid-20'),
  lead: await staff('lead', 'branch-lead', '--branch', 'residential'),
  manager,
};

const ACTIONS = ['accept', 'reject', 'duplicate', 'refer', 'check', 'finish', 'hide', 'nonsense'];
const WISHES = ['support', 'rate', 'add', 'urge', 'withdraw', 'nonsense'];
/** Example addresses of a route. */
function addresses(path) {
  const fill = (name, values) => values.map((value) => path.replace(name, value));
  if (path.includes('{action}')) return fill('{action}', ACTIONS).map((path) => path.replace('{code}', code));
  if (path.includes('{wish}')) return fill('{wish}', WISHES).map((path) => path.replace('{code}', code));
  if (path.includes('{code}')) return [code, 'A'.repeat(22), 'x'].map((code) => path.replace('{code}', code));
  if (path.includes('{slug}')) return fill('{slug}', ['home', 'nothing']);
  if (path.includes('{grid}')) return fill('{grid}', ['grid-01', 'nothing']);
  if (path.includes('{id}')) return fill('{id}', ['A'.repeat(22), '7']);
  if (path.includes('{ordinal}')) return fill('{ordinal}', ['1', '999', 'x']);
  if (path.includes('{file}')) return fill('{file}', ['reports.csv', 'reports.txt', 'nothing.csv']);
  if (path.includes('{')) return fill(/\{\w+\}/, ['nothing', '1']);
  return [path];
}

const form = (fields) => new URLSearchParams(fields);
const FAULTS = {
  GET: { plain: {}, query: { query: '?before=x&page=-1&lang=en' } },
  POST: {
    empty: { body: form({}) },
    english: { body: form({}), headers: { 'accept-language': 'en' } },
    another: { body: form({ owner: 'x', version: '0' }), headers: { 'sec-fetch-site': 'same-origin' } },
    stale: { body: form({ version: '0', category: 'corridor', grid: 'grid-01', summary: '楼道', reason: '因为', text: '字', of: '1', to: '市里', result: 'pass', unit: 'x' }) },
    long: { body: form({ version: '1', name: '长'.repeat(99), description: '长'.repeat(999), text: '长'.repeat(9999), message: '长'.repeat(99), reason: '长'.repeat(999), consent: 'on' }) },
    elsewhere: { body: form({ version: '1' }), headers: { origin: 'http://elsewhere.example' } },
    garbled: { body: '%zz=%ff', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    kind: { body: '{}', headers: { 'content-type': 'application/json' } },
    large: { body: `a=${'b'.repeat(66_000)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  },
};

let n = 0;
for (const [method, row] of table) {
  const lines = [];
  for (const [fault, { body, headers, query = '' }] of Object.entries(FAULTS[method])) {
    for (const at of addresses(row)) {
      for (const [who, asker] of Object.entries(askers)) {
        if (/logout|\/me\/erase|\/sign\/next|staff\/\{/.test(row)) continue;
        for (const accept of ['text/html', 'application/json']) {
          const answer = await (asker ?? new Asker()).ask(method, at + query, { body, headers: { ...headers, accept } });
          n += 1;
          const told = ['retry-after', 'cache-control', 'allow', 'content-type', 'location']
            .map((name) => [name, answer.headers.get(name)]).filter(([, value]) => value);
          const refused = answer.status >= 400;
          lines.push(`## ${fault} ${method} ${plain(at)} ${who} ${accept}: ${answer.status}`, ...told.map(([name, value]) => plain(`${name}: ${value}`)));
          if (refused) lines.push(plain(answer.text));
        }
      }
    }
  }
  const name = `${method}${row}`.replaceAll(/[/{}]+/g, '_');
  writeFileSync(path.join(folder, `${name}.txt`), `${lines.join('\n')}\n`);
}
console.log(`${n} answers to ${table.length} rows`);
