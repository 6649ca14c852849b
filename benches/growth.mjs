// Response times of every public page and the queue: ten million signatures and a million reports,
// against a thousand and two hundred; both servers in the same rounds.
import fs from 'node:fs';
import { BROTLI, command, logIn, manager, median, request, scratch, serve, settings, spread, visit, wrk } from './lib.mjs';
import { firstAnswer } from './start.mjs';

const ROUNDS = 5;
const SIGNATURES = Number(process.env.SIGNATURES ?? 10_000_000);
const REPORTS = Number(process.env.REPORTS ?? 1_000_000);
const PAGES = ['/', '/pledges/home', '/sign', '/signed', '/report', '/reports', '/progress', '/messages', '/me', '/privacy', '/counts.json', '/console'];

const filled = async (signatures, reports) => {
  const folder = scratch();
  const env = settings(folder);
  const begun = Date.now();
  await command(env, 'seed', '--signatures', String(signatures), '--reports', String(reports));
  const seconds = (Date.now() - begun) / 1000;
  await manager(env);
  const [first, start] = await firstAnswer(env);
  await first.stop();
  const server = await serve(env);
  const cookie = await logIn(server.url, 'manager');
  // A visitor who signed, for the personal pages.
  const visitor = await visit(server.url);
  await request(`${server.url}/sign`, {
    method: 'POST',
    headers: { cookie: visitor, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'name=%E7%8E%8B%E6%B5%8B%E8%AF%95&pledges=home&consent=on',
  });
  return { server, cookie, visitor, seconds, start };
};

/// Database bytes per signature, from a million signatures.
const bytesEach = async () => {
  const folder = scratch();
  await command(settings(folder), 'seed', '--signatures', '1000000', '--reports', '0');
  return fs.statSync(`${folder}/chuangquan.db`).size / 1e6;
};

export const growth = async () => {
  const bytes = await bytesEach();
  const few = await filled(1000, 200);
  const many = await filled(SIGNATURES, REPORTS);
  const rows = [];
  for (const page of PAGES) {
    const times = { few: [], many: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, at] of Object.entries({ few, many })) {
        const cookie = page.startsWith('/console') ? at.cookie : at.visitor;
        const found = await wrk(`${at.server.url}${page}`, { connections: 1, seconds: 1, args: ['-H', `Cookie: ${cookie}`, ...BROTLI] });
        times[name].push(found.median);
      }
    }
    const ratio = median(times.many) / median(times.few);
    rows.push([
      `\`${page}\` among ${SIGNATURES.toLocaleString('en')} signatures and ${REPORTS.toLocaleString('en')} reports`,
      '≤ 1.5',
      `${spread(times.many, 2)} ms`,
      `${spread(times.few, 2)} ms among 1,000 and 200`,
      ratio.toFixed(2),
    ]);
  }
  rows.push(
    ['start to first answer, among as many', '≤ 2 s', `${Math.round(many.start)} ms`, `${Math.round(few.start)} ms among few`, many.start <= 2000 ? 'met' : 'not met'],
    ['bytes of a signature on disk, indexes included', 'stated', `${Math.round(bytes)}`, 'the file of a million ÷ a million', '–'],
    ['`seed`', 'minutes', `${Math.round(many.seconds)} s`, '–', '–'],
  );
  await few.server.stop();
  await many.server.stop();
  return rows;
};
