// Time from process start to the first response on an existing database, and resident memory when
// idle.
import { command, median, program, request, resident, scratch, serve, settings, sleep, spread } from './lib.mjs';

const ROUNDS = 5;

/// Milliseconds until the first page is served.
export const firstAnswer = async (env) => {
  const server = await serve(env, program);
  await request(`${server.url}/`);
  const time = Number(process.hrtime.bigint() - server.begun) / 1e6;
  return [server, time];
};

export const start = async () => {
  const env = settings(scratch());
  await command(env, 'seed', '--signatures', '1000', '--reports', '200');
  const times = [];
  const idle = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [server, time] = await firstAnswer(env);
    times.push(time);
    await server.stop();
    const still = await serve(env, program);
    await sleep(1000);
    idle.push(resident(still.pid) / 1000);
    await still.stop();
  }
  return [
    ['start to first answered `GET /`', '≤ 100 ms', `${spread(times)} ms`, '–', median(times) <= 100 ? 'met' : 'not met'],
    ['resident memory, idle, SQLite', '≤ 30 MB', `${spread(idle, 1)} MB`, '–', median(idle) <= 30 ? 'met' : 'not met'],
  ];
};
