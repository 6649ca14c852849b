// Response time of the console queue with 100,000 reports, for each role.
import { BROTLI, command, logIn, manager, scratch, serve, settings, spread, wrk } from './lib.mjs';

const ROUNDS = 5;

export const queue = async () => {
  const env = settings(scratch());
  await command(env, 'seed', '--signatures', '1000', '--reports', '100000');
  await manager(env);
  const server = await serve(env);
  const cookie = await logIn(server.url, 'manager');
  const add = async (login, fields) => {
    const body = new URLSearchParams([['login', login], ['name', '李测试'], ['password', 'correct horse battery'], ...fields]);
    const answer = await fetch(`${server.url}/console/staff`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    if (answer.status !== 303) throw new Error(`adding ${login} answers ${answer.status}`);
    return logIn(server.url, login);
  };
  const roles = {
    'manager, all reports': cookie,
    'branch lead': await add('lead', [['role', 'branch-lead'], ['branches', 'residential']]),
    'grid worker, two grids': await add('worker', [['role', 'grid-worker'], ['grids', 'grid-01'], ['grids', 'grid-02']]),
  };
  const rows = [];
  for (const [role, cookies] of Object.entries(roles)) {
    const rates = [];
    const slowest = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const found = await wrk(`${server.url}/console`, { connections: 8, seconds: 2, args: ['-H', `Cookie: ${cookies}`, ...BROTLI] });
      rates.push(found.rate);
      slowest.push(found.p99);
    }
    rows.push([
      `\`GET /console\`, 50 of 100,000 reports, ${role}, SQLite`,
      '≥ 500 a second',
      `${spread(rates)} a second`,
      `99th percentile ${spread(slowest, 1)} ms, 8 connections`,
      Math.min(...rates) >= 500 ? 'met' : 'see below',
    ]);
  }
  await server.stop();
  return rows;
};
