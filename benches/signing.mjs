// Durable signatures, against parsing and validating the form without storing it, on both
// databases; each signature by another visitor, with a cookie from a real GET.
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { command, fsync, median, root, scratch, serve, settings, spread, visit, wrk } from './lib.mjs';

const ROUNDS = 5;
const SECONDS = 1;
const CONNECTIONS = 256;

/// Writes the cookies of `count` new visitors to a file.
export const visitors = async (url, count, file) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const found = [];
  const worker = async () => {
    while (found.length < count) found.push(await visit(url, agent));
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  agent.destroy();
  fs.writeFileSync(file, `${found.join('\n')}\n`);
};

/// wrk posts the form, each time with the next cookie of the file.
export const post = (url, route, cookies, options) =>
  wrk(url, {
    args: ['-s', path.join(root, 'benches/sign.lua')],
    env: { COOKIES: cookies, ROUTE: route, ...options.env },
    ...options,
  });

const on = async (name, goal, database) => {
  const folder = scratch();
  const env = settings(folder, database);
  const server = await serve(env);
  const cookies = path.join(folder, 'cookies');
  const signed = [];
  const parsed = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // More visitors than can sign in that time, so that none signs twice.
    await visitors(server.url, 26_000 * SECONDS, cookies);
    parsed.push((await post(server.url, '/parse', cookies, { connections: CONNECTIONS, seconds: SECONDS })).rate);
    signed.push((await post(server.url, '/sign', cookies, { connections: CONNECTIONS, seconds: SECONDS })).rate);
  }
  // Half of the maximum load: each connection pauses between signatures.
  await visitors(server.url, 26_000 * SECONDS, cookies);
  const pause = Math.round((CONNECTIONS / (median(signed) / 2)) * 1000);
  const half = await post(server.url, '/sign', cookies, {
    connections: CONNECTIONS,
    seconds: 2 * SECONDS,
    env: { COOKIES: cookies, ROUTE: '/sign', PAUSE: String(pause) },
  });
  const counts = JSON.parse((await (await fetch(`${server.url}/counts.json`)).text()));
  await server.stop();
  await command(env, 'recount');
  const limit = Math.max(50, 5 * fsync(folder));
  return [
    [
      `durable \`POST /sign\` on ${name}, ${CONNECTIONS} connections`,
      goal,
      `${spread(signed)} a second`,
      `${spread(parsed)} parsed only`,
      (median(signed) / median(parsed)).toFixed(2),
    ],
    [
      `99th percentile at half load (${Math.round(half.rate)} a second) on ${name}`,
      `≤ max(50 ms, 5 × fsync) = ${limit.toFixed(0)} ms`,
      `${half.p99.toFixed(1)} ms`,
      `median ${half.median.toFixed(1)} ms`,
      `${half.p99 <= limit ? 'met' : 'not met'}; ${counts.signatures} signatures, recount clean`,
    ],
  ];
};

export const signing = async () => [
  ...(await on('SQLite', '≥ 0.5')),
  ...(await on('PostgreSQL', '≥ 0.3', process.env.DATABASE_URL_POSTGRES)),
];
