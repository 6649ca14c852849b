// Takes a picture of every page in the sizes and lights it is judged by, into
// target/pictures. `make pictures`; or give it an address and words of picture names.
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from '@playwright/test';

const [url, ...only] = process.argv.slice(2);
const out = new URL('../target/pictures/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const sizes = [[360, 640], [390, 844], [1280, 800]];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

// A street that has begun to light up.
for (let i = 0; i < 31; i += 1) {
  const cookie = (await fetch(`${url}/`)).headers.getSetCookie()[0].split(';')[0];
  const grid = `grid-${String(((i * 7) % 37) + 1).padStart(2, '0')}`;
  const body = new URLSearchParams([
    ['name', `${'王李赵陈林'[i % 5]}测试`], ['grid', grid], ['pledges', 'home'], ['consent', 'on'],
    ...(i % 2 ? [['pledges', 'traffic']] : []), ...(i % 3 ? [['pledges', 'neighbours']] : []),
    ...(i % 4 ? [] : [['show_name', 'on']]),
  ]);
  await fetch(`${url}/sign`, { method: 'POST', headers: { cookie }, body, redirect: 'manual' });
}

async function signed(page) {
  await page.goto(`${url}/sign?grid=grid-04`);
  await page.getByLabel('美丽家园齐创建', { exact: true }).check();
  await page.getByLabel('邻里和睦传美德', { exact: true }).check();
  await page.getByLabel('您的姓名').fill('王测试');
  await page.getByLabel(/可以公开显示/).check();
  await page.getByLabel(/我已阅读并同意/).check();
  await page.getByRole('button', { name: '签名', exact: true }).click();
  await page.waitForURL(/signed$/);
}

async function refused(page) {
  await page.goto(`${url}/sign`);
  await page.getByLabel('您的姓名').fill('王'.repeat(21));
  await page.getByRole('button', { name: '签名', exact: true }).click();
  await page.waitForSelector('.error-summary');
}

const visit = (path) => (page) => page.goto(url + path);
const pages = {
  home: visit('/'), pledge: visit('/pledges/traffic'), sign: visit('/sign'), refused, signed,
  me: async (page) => { await signed(page); await page.goto(`${url}/me`); },
  'me-empty': visit('/me'), progress: visit('/progress'), privacy: visit('/privacy'),
  soon: visit('/report'), 'not-found': visit('/nowhere'),
};

for (const [width, height] of sizes) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, open] of Object.entries(pages)) {
      const picture = `${name}-${width}-${colorScheme}`;
      if (only.length && !only.some((word) => picture.includes(word))) continue;
      const context = await browser.newContext({
        viewport: { width, height }, colorScheme, locale: 'zh-CN', hasTouch: width < 900,
      });
      const page = await context.newPage();
      await open(page);
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${out}${picture}.png`, fullPage: process.env.WHOLE === '1' });
      await context.close();
    }
  }
}
// The picture of the README.
const readme = await browser.newPage({ viewport: { width: 800, height: 844 } });
const picture = (name) => `data:image/png;base64,${readFileSync(`${out}${name}.png`).toString('base64')}`;
if (!only.length) {
  await readme.setContent(`<body style="margin:0;display:flex;gap:20px;background:#fff">
    <img src="${picture('home-390-light')}"><img src="${picture('signed-390-light')}">`);
  await readme.screenshot({ path: `${out}readme.png` });
}
await browser.close();
