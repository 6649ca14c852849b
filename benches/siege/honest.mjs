// Honest people while the server is attacked, each kind from an address of its own: pages, signatures
// and reports with a photo. Prints as JSON how long each took, in milliseconds; what failed took a
// minute. Arguments: URL of the server, seconds.
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { png } from './png.mjs';

const [, , url, seconds] = process.argv;
const until = Date.now() + Number(seconds) * 1000;
const FAILED = 60_000;
const PATIENCE = 20_000;
/// About as large as what a phone sends.
const photo = png(1600, 1200, (x, y) => (x + y) / 12 + (Math.random() < 0.1 ? Math.random() * 64 : 0));

/// One request by a new connection from `localAddress`; resolves to status, cookies and body.
export const ask = (localAddress, path_, { method = 'GET', headers = {}, body } = {}) =>
  new Promise((resolve, reject) => {
    const asked = http.request(url + path_, { method, headers, localAddress, agent: false, timeout: PATIENCE }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode,
          cookies: (answer.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]),
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer'))).on('error', reject);
    asked.end(body);
  });

const times = { page: [], signature: [], report: [] };
const timed = async (kind, wanted, work) => {
  const begun = performance.now();
  try {
    const { status } = await work();
    times[kind].push(status === wanted ? performance.now() - begun : FAILED);
  } catch {
    times[kind].push(FAILED);
  }
};

const visit = async (address) => {
  for (;;) {
    const found = await ask(address, '/').catch(() => undefined);
    if (found?.cookies[0]) return found.cookies[0];
    await sleep(200);
  }
};

/// What the phone works out (service::signature::key).
const workOut = (key, effort) => {
  const solution = (part) => {
    for (let n = 0; ; n += 1) {
      const salt = Buffer.alloc(5, part);
      salt.writeUInt32BE(n, 1);
      if (pbkdf2Sync(key, salt, 500, 4, 'sha256').readUInt32BE(0) <= Math.floor(0xffffffff / effort)) return n;
    }
  };
  return [0, 1, 2, 3].map(solution).join('.');
};

const pages = async () => {
  const cookie = await visit('127.0.0.9');
  for (let n = 0; Date.now() < until; n += 1) {
    const page = ['/', '/me', '/report', '/reports', '/counts.json'][n % 5];
    await timed('page', 200, () => ask('127.0.0.9', page, { headers: { cookie } }));
    await sleep(50);
  }
};

const signatures = async () => {
  while (Date.now() < until) {
    const form = await ask('127.0.0.10', '/sign').catch(() => undefined);
    const [, key, effort] = /name="key" value="([^"]*)" data-effort="(\d+)"/.exec(form?.body ?? '') ?? [];
    if (!key) {
      times.signature.push(FAILED);
      continue;
    }
    const proof = effort > 0 ? workOut(key, Number(effort)) : '';
    await sleep(2200);
    const name = `测${createHash('sha256').update(randomBytes(8)).digest('hex').slice(0, 4).replace(/./g, (digit) => String.fromCharCode(0x4e00 + digit.charCodeAt(0)))}`;
    const body = new URLSearchParams({ name, pledges: 'home', consent: 'on', key, proof }).toString();
    const headers = { cookie: form.cookies[0], 'content-type': 'application/x-www-form-urlencoded' };
    await timed('signature', 303, () => ask('127.0.0.10', '/sign', { method: 'POST', headers, body }));
  }
};

const reports = async () => {
  for (let n = 0; Date.now() < until; n += 1) {
    const address = `127.0.0.${20 + (n % 200)}`;
    const cookie = await visit(address);
    const fields = { category: 'corridor', description: '楼道里有杂物', place: '某弄某号', grid: 'grid-01', consent: 'on' };
    const parts = Object.entries(fields).map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
    const file = '--b\r\nContent-Disposition: form-data; name="photos"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n';
    const body = Buffer.concat([Buffer.from(parts.join('') + file), photo, Buffer.from('\r\n--b--\r\n')]);
    const headers = { cookie, 'content-type': 'multipart/form-data; boundary=b' };
    await timed('report', 303, () => ask(address, '/report', { method: 'POST', headers, body }));
    await sleep(500);
  }
};

await Promise.all([pages(), signatures(), reports()]);
console.log(JSON.stringify(times));
process.exit(0);
