// CPU time of one signature and one page view, for the capacity estimate in docs/scale.md.
// `tools/with-postgres.sh node benches/costs.mjs`
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BROTLI, processor, program, scratch, serve, settings, visit, wrk } from './lib.mjs';
import { post, visitors } from './signing.mjs';

/// CPU seconds of all PostgreSQL processes, including those that have ended.
const postgres = () => {
  const pids = execFileSync('pgrep', ['-x', 'postgres'], { encoding: 'utf8' }).trim().split('\n');
  return pids.reduce((sum, pid) => sum + (fs.existsSync(`/proc/${pid}/stat`) ? processor(pid) : 0), 0);
};

for (const database of [undefined, process.env.DATABASE_URL_POSTGRES]) {
  const name = database ? 'PostgreSQL' : 'SQLite';
  const folder = scratch();
  const server = await serve(settings(folder, database), program);
  const cookies = path.join(folder, 'cookies');
  await visitors(server.url, 40_000, cookies);
  for (const connections of [16, 256]) {
    if (connections === 256) await visitors(server.url, 60_000, cookies);
    const before = [processor(server.pid), database ? postgres() : 0];
    const found = await post(server.url, '/sign', cookies, { connections, seconds: 2 });
    const total = Number(found.stdout.match(/(\d+) requests in/)[1]);
    const each = (now, then) => `${(((now - then) / total) * 1e6).toFixed(0)} µs`;
    console.log(
      `${name}, ${connections} connections: ${Math.round(found.rate)} signatures a second; of the node ${each(processor(server.pid), before[0])}` +
        (database ? `, of PostgreSQL ${each(postgres(), before[1])} each` : ' each'),
    );
  }
  if (!database) {
    const cookie = await visit(server.url);
    for (const page of ['/', '/sign', '/signed', '/report', '/progress']) {
      const before = processor(server.pid);
      const found = await wrk(`${server.url}${page}`, { seconds: 2, args: ['-H', `Cookie: ${cookie}`, ...BROTLI] });
      const total = Number(found.stdout.match(/(\d+) requests in/)[1]);
      console.log(`${page}: ${Math.round(found.rate)} a second, ${(((processor(server.pid) - before) / total) * 1e6).toFixed(0)} µs each`);
    }
  }
  await server.stop();
}
process.exit(0);
