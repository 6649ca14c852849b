// Fan-out: ten thousand open event streams to one node, while visitors sign.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { bench, percentile, processor, program, request, resident, scratch, serve, settings, sleep, visit } from './lib.mjs';

const STREAMS = 10_000;
const SECONDS = 20;

export const streams = async () => {
  const server = await serve(settings(scratch()), program);
  const { url, pid } = server;
  const agent = new http.Agent({ keepAlive: true });
  for (let n = 0; n < 50; n += 1) await visit(url, agent);
  const before = resident(pid);
  const client = spawn(bench, ['streams', url.replace('http://', ''), String(STREAMS), String(SECONDS)]);
  client.stderr.pipe(process.stderr);
  let out = '';
  const open = new Promise((resolve, reject) => {
    client.stdout.on('data', (text) => {
      out += text;
      if (out.startsWith('open')) resolve();
    });
    client.on('exit', (code) => reject(new Error(`the client of streams ended with ${code}`)));
  });
  await open;
  await sleep(1000);
  const growth = resident(pid) - before;
  // A signature every 100 ms, so that every tick has new counts.
  const used = processor(pid);
  const since = Date.now();
  while (Date.now() - since < (SECONDS - 3) * 1000) {
    const cookie = await visit(url, agent);
    await request(`${url}/sign`, {
      method: 'POST',
      agent,
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'name=%E7%8E%8B%E6%B5%8B%E8%AF%95&pledges=home&consent=on',
    });
    await sleep(100);
  }
  const share = (processor(pid) - used) / ((Date.now() - since) / 1000);
  const after = resident(pid) - before;
  await new Promise((resolve) => client.on('exit', resolve));
  await server.stop();
  const revisions = out.split('\n').slice(1).filter(Boolean).map((line) => JSON.parse(line));
  const ticks = revisions.map((seen) => seen.tick_to_last);
  const commits = revisions.map((seen) => seen.commit_to_last);
  const kilobytes = (kb) => `${((kb * 1024) / STREAMS / 1000).toFixed(1)} KB each`;
  const p99 = (list) => `${percentile(list, 0.99).toFixed(0)} ms (median ${percentile(list, 0.5).toFixed(0)})`;
  const verdict = (list, limit) => (percentile(list, 0.99) <= limit ? 'met' : 'not met');
  return [
    ['10,000 event streams: resident growth', '≤ 20 KB each', kilobytes(growth), `${kilobytes(after)} after ${revisions.length} revisions`, growth * 1.024 <= STREAMS * 20 ? 'met' : 'not met'],
    ['first stream to last stream that hears of a tick', 'p99 ≤ 250 ms', p99(ticks), `${revisions.length} ticks that reached all`, verdict(ticks, 250)],
    ['commit to last stream', 'p99 ≤ 600 ms', p99(commits), 'the commit’s own time stamp', verdict(commits, 600)],
    ['processor at about 4 ticks a second to 10,000', 'stated', `${(share * 100).toFixed(0)} % of one core`, 'the server alone; it shares two cores with the client', '–'],
  ];
};
