// One attacker's network, as fast as it can: 127.0.0.2, where a kind needs a second one 127.0.0.3.
// Prints as JSON what it was answered. Arguments: kind, URL, seconds.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { png } from './png.mjs';

const [, , kind, url, seconds] = process.argv;
const { hostname, port } = new URL(url);
const until = Date.now() + Number(seconds) * 1000;
const statuses = {};
const count = (status) => {
  statuses[status] = (statuses[status] ?? 0) + 1;
};

const agents = new Map();
const ask = (path, { method = 'GET', headers = {}, body, from = '127.0.0.2' } = {}) =>
  new Promise((resolve) => {
    if (!agents.has(from)) agents.set(from, new http.Agent({ keepAlive: true, maxSockets: 256, localAddress: from }));
    const asked = http.request({ hostname, port, path, method, headers, agent: agents.get(from), localAddress: from, timeout: 30_000 }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('error', () => resolve(undefined));
      answer.on('end', () => {
        count(answer.statusCode);
        resolve({ status: answer.statusCode, cookies: (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]), body: Buffer.concat(parts).toString() });
      });
    });
    asked.on('timeout', () => asked.destroy()).on('error', () => {
      count('broken');
      resolve(undefined);
    });
    asked.end(body);
  });

/// `many` loops until the time is over.
const together = (many, work) =>
  Promise.all(
    Array.from({ length: many }, async (_, n) => {
      while (Date.now() < until) await work(n);
    }),
  );

const raw = (from, text, slowly = false) =>
  new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port, localAddress: from, highWaterMark: 1 });
    socket.on('connect', () => {
      socket.write(text);
      count('connected');
      if (slowly) socket.pause();
      resolve(socket);
    });
    socket.on('error', () => {
      count('broken');
      resolve(undefined);
    });
    socket.on('close', () => count('closed'));
  });

/// Keeps `many` connections open that begin with `text`: who is thrown out, comes back.
const hold = async (from, text, many, slowly) => {
  const held = new Set();
  while (Date.now() < until) {
    while (held.size < many && Date.now() < until) {
      const batch = await Promise.all(Array.from({ length: 100 }, () => raw(from, text, slowly)));
      for (const socket of batch.filter(Boolean)) {
        if (!slowly) socket.resume();
        held.add(socket);
        socket.once('close', () => held.delete(socket));
      }
      await sleep(5);
    }
    await sleep(100);
  }
};

const form = (path) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="description"\r\n\r\n${'a'.repeat(50)}`;

const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
const visitor = async (from) => (await ask('/', { from }))?.cookies[0] ?? '';
const name = () => `测${Array.from({ length: 4 }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))).join('')}`;

const kinds = {
  /// The dearest pages that anybody may open.
  pages: () => {
    const paths = ['/reports?state=duplicate&grid=grid-37&category=noise', '/reports?before=2', '/messages', '/progress', '/reports?category=noise', '/me', '/sign', '/report'];
    return together(64, (n) => ask(paths[Math.floor(Math.random() * paths.length)], { headers: { cookie: `x=${n}` } }));
  },
  /// More than there are: streams, and forms that do not end.
  connections: () =>
    Promise.all([
      hold('127.0.0.2', 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n', 10_900),
      hold('127.0.0.2', form('/report'), 5_200),
    ]),
  /// Those who read files slowly: with 4,096 descriptors.
  readers: async () => {
    const program = /\/pkg\/[^"]+\.wasm/.exec((await ask('/sign')).body)[0];
    await hold('127.0.0.2', `GET ${program} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(16), 2_373, true);
  },
  /// The least that holds up a form.
  forms: () => Promise.all(['127.0.0.2', '127.0.0.3'].map((from) => hold(from, form('/report'), 400))),
  pictures: async () => {
    const file = png(7000, 7000);
    const head = '--b\r\nContent-Disposition: form-data; name="photos"; filename="a.png"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--b--\r\n')]);
    await together(150, async () => {
      const headers = { cookie: await visitor(), 'content-type': 'multipart/form-data; boundary=b' };
      await ask('/report/photos', { method: 'POST', headers, body });
    });
  },
  /// Reports of one visitor, then of as many as there are.
  rows: async () => {
    const body = new URLSearchParams({ category: 'corridor', description: '灌水', place: '某处', grid: 'grid-01', consent: 'on' }).toString();
    const one = await visitor();
    await together(64, async (n) => {
      const cookie = n < 32 ? one : await visitor();
      await ask('/report', { method: 'POST', headers: { cookie, ...urlencoded }, body });
    });
  },
  /// Invented names without proofs, each after two seconds.
  names: () =>
    together(400, async () => {
      const page = await ask('/sign');
      const [, key] = /name="key" value="([^"]*)"/.exec(page?.body ?? '') ?? [];
      await sleep(2_200);
      const fields = { name: name(), pledges: 'home', consent: 'on', key: key ?? '' };
      const headers = { cookie: page?.cookies[0] ?? '', ...urlencoded };
      await ask('/sign', { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
    }),
};

const begun = Date.now();
// Whoever still waits for an answer is not waited for.
await Promise.race([kinds[kind](), sleep(Number(seconds) * 1000)]);
console.log(JSON.stringify({ statuses, seconds: (Date.now() - begun) / 1000 }));
process.exit(0);
