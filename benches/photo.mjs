// Cost of a 12-megapixel photo: milliseconds from its last byte to the response, and growth of the
// server's memory. Arguments: address and process id of a server: `tools/with-server.sh node
// benches/photo.mjs`.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
const { chromium } = createRequire(new URL('../end2end/package.json', import.meta.url))('@playwright/test');

const url = process.argv.at(-1);
const port = new URL(url).port;
const pid = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((name) => {
  try {
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    return command.includes('chuangquan\0serve') && readFileSync(`/proc/${name}/net/tcp`, 'utf8')
      .includes(`:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `) && !command.includes('bash');
  } catch { return false; }
});
const peak = () => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024;

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
const data = await page.evaluate(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 4000, height: 3000 });
  const c = canvas.getContext('2d');
  // A texture like leaves and stones, so that JPEG compresses it like a photo.
  for (let i = 0; i < 60000; i += 1) {
    c.fillStyle = `hsl(${(i * 37) % 360} ${20 + (i % 60)}% ${20 + ((i * 7) % 60)}%)`;
    c.fillRect((i * 7919) % 4000, (i * 104729) % 3000, 5 + (i % 40), 5 + ((i * 3) % 40));
  }
  return canvas.toDataURL('image/jpeg', 0.92);
});
await browser.close();
const photo = Buffer.from(data.split(',')[1], 'base64');
console.log(`a JPEG of 4000 × 3000 pixels, ${(photo.length / 1e6).toFixed(1)} MB; process ${pid}`);
const cookie = (await fetch(url)).headers.getSetCookie()[0].split(';')[0];
const before = peak();
const send = async () => {
  const body = new FormData();
  body.append('photos', new Blob([photo]), 'photo.jpg');
  const start = performance.now();
  const answer = await fetch(`${url}/report/photos`, { method: 'POST', headers: { cookie, accept: 'application/json' }, body });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return performance.now() - start;
};
const times = [];
for (let i = 0; i < 5; i += 1) times.push(await send());
times.sort((a, b) => a - b);
console.log(`one after the other: median ${times[2].toFixed(0)} ms, slowest ${times[4].toFixed(0)} ms`);
console.log(`peak memory: ${before.toFixed(0)} MB before, ${peak().toFixed(0)} MB after`);
await Promise.all([1, 2, 3, 4].map(send));
console.log(`peak memory after four at once: ${peak().toFixed(0)} MB`);
