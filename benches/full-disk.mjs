// A small file system that fills up under SQLite and the photo store: writes are refused with 503
// and the form keeps its input; with free space again, writes work. Needs root, to mount it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import fs from 'node:fs';
import http from 'node:http';
import { command, program, request, root, scratch, serve, settings, visit } from './lib.mjs';

const folder = scratch();
const disk = path.join(folder, 'disk');
fs.mkdirSync(disk);
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
// Unmount before the folder is deleted: hence `prependListener`.
process.prependListener('exit', () => execFileSync('umount', [disk]));

const env = settings(disk);
const server = await serve(env, program);
const agent = new http.Agent({ keepAlive: true });
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const sign = async () => {
  const cookie = await visit(server.url, agent);
  return request(`${server.url}/sign`, { method: 'POST', agent, headers: { ...form, cookie }, body: 'name=%E7%8E%8B%E6%B5%8B%E8%AF%95&pledges=home&consent=on' });
};
let acknowledged = 0;
let refused = 0;
while (refused < 5) {
  const answer = await sign();
  if (answer.status === 303) acknowledged += 1;
  else {
    assert.equal(answer.status, 503);
    assert.ok(answer.headers['retry-after']);
    assert.match(String(answer.body), /还没有签上[\s\S]*王测试/, 'what was typed is there');
    refused += 1;
  }
  assert.ok(acknowledged < 100_000, 'the disk fills');
}
// A photo does not fit either; no partial file is left.
const cookie = await visit(server.url, agent);
const photo = fs.readFileSync(path.join(root, 'docs/pictures/home-and-card.png'));
const bound = 'kluntje';
const fields = { category: 'corridor', description: '三楼堆了旧家具', place: '测试小区3号楼', grid: 'grid-01', consent: 'on' };
const text = Object.entries(fields).map(([name, value]) => `--${bound}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('');
const body = Buffer.concat([
  Buffer.from(`${text}--${bound}\r\nContent-Disposition: form-data; name="photos"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`),
  photo,
  Buffer.from(`\r\n--${bound}--\r\n`),
]);
const report = await request(`${server.url}/report`, { method: 'POST', agent, headers: { cookie, 'content-type': `multipart/form-data; boundary=${bound}` }, body });
assert.equal(report.status, 503);
assert.match(String(report.body), /还没有提交[\s\S]*三楼堆了旧家具/);
assert.equal((await request(`${server.url}/`)).status, 200, 'reading goes on');

execFileSync('mount', ['-o', 'remount,size=64m', disk]);
assert.equal((await sign()).status, 303, 'it goes on by itself');
acknowledged += 1;
await server.stop();
await command(env, 'recount');
const again = await serve(env, program);
const counts = JSON.parse(String((await request(`${again.url}/counts.json`)).body));
assert.equal(counts.signatures, acknowledged);
assert.equal(counts.reports.received, 0);
await again.stop();
console.log(`the disk was full after ${acknowledged - 1} signatures; all of them and one more are there`);
process.exit(0);
