// Screenshots of every page in all sizes and colour schemes, into target/pictures. `make pictures`;
// or with an address and parts of picture names as arguments.
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

// 31 signatures, so that some windows of the street are lit.
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
  for (const box of ['[name=pledges][value=home]', '[name=pledges][value=neighbours]', '[name=show_name]', '[name=consent]']) await page.locator(box).check();
  await page.locator('[name=name]').fill('王测试');
  await page.locator('form[action^="/sign"] button[type=submit]').click();
  await page.waitForURL(/signed$/);
}

async function refused(page) {
  await page.goto(`${url}/sign`);
  await page.locator('[name=name]').fill('王'.repeat(41));
  await page.locator('form[action^="/sign"] button[type=submit]').click();
  await page.waitForSelector('.error-summary');
}

// Reports in different states: filed by a resident, processed by existing staff accounts (`MANAGER`
// is the login, `PASSWORD` the password).
const staffCookie = await (async () => {
  if (!process.env.MANAGER) return undefined;
  const cookie = (await fetch(`${url}/`)).headers.getSetCookie()[0].split(';')[0];
  const body = new URLSearchParams({ login: process.env.MANAGER, password: process.env.PASSWORD });
  const answer = await fetch(`${url}/console/login`, { method: 'POST', headers: { cookie }, body, redirect: 'manual' });
  const staff = answer.headers.getSetCookie().find((line) => line.startsWith('staff='));
  return [cookie, staff.split(';')[0]];
})();

async function post(path, fields, files = {}, cookies = staffCookie) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const [name, file] of Object.entries(files)) body.append(name, new Blob([file]), 'photo.jpg');
  const answer = await fetch(url + path, { method: 'POST', headers: { cookie: cookies.join('; ') }, body, redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.headers.get('location');
}

// Two drawings of a corridor, with and without clutter.
async function painted(cluttered) {
  const page = await browser.newPage();
  const data = await page.evaluate((full) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1200, height: 900 });
    const c = canvas.getContext('2d');
    c.fillStyle = '#d9d2c4'; c.fillRect(0, 0, 1200, 900);
    c.fillStyle = '#b9ae9a'; c.beginPath(); c.moveTo(0, 900); c.lineTo(450, 430); c.lineTo(750, 430); c.lineTo(1200, 900); c.fill();
    c.fillStyle = '#8c7a62'; c.fillRect(520, 240, 160, 200);
    if (full) for (const [x, y, w, h, f] of [[180, 560, 220, 240, '#7b5a3c'], [330, 500, 160, 180, '#9a7750'], [820, 590, 240, 220, '#54677a'], [760, 520, 120, 140, '#6d8194']]) { c.fillStyle = f; c.fillRect(x, y, w, h); }
    return canvas.toDataURL('image/jpeg', 0.85);
  }, cluttered);
  await page.close();
  return Buffer.from(data.split(',')[1], 'base64');
}

const [before, after] = [await painted(true), await painted(false)];
const resident = [(await fetch(`${url}/`)).headers.getSetCookie()[0].split(';')[0]];
const reports = {};
async function report(name, category, place, grid, photo) {
  const fields = { category, place, grid, description: '三楼转角堆了旧家具和纸箱，走路要侧身', consent: 'on' };
  reports[name] = (await post('/report', fields, photo ? { photos: photo } : {}, resident)).split('/').pop();
}
if (staffCookie) {
  const version = {};
  const act = async (name, action, fields = {}, files = {}) => {
    version[name] = (version[name] ?? 0) + 1;
    await post(`/console/reports/${reports[name]}/${action}`, { version: version[name], ...fields }, files);
  };
  const accept = (category, grid, summary) => ({ category, grid, summary });
  await report('submitted', 'corridor', '测试小区3号楼三楼', 'grid-01', before);
  await report('asked', 'litter', '测试路口', 'grid-02');
  await act('asked', 'ask', { text: '请您补充一下具体位置，例如附近的店名。' });
  await report('dispatched', 'parking', '测试路12号门前', 'grid-03', before);
  await act('dispatched', 'accept', accept('parking', 'grid-03', '测试路车辆乱停'));
  await act('dispatched', 'dispatch', { unit: 'management' });
  for (const name of ['checking', 'closed']) {
    await report(name, 'corridor', '测试小区5号楼', 'grid-04', before);
    const page = await (await fetch(`${url}/console/reports/${reports[name]}`, { headers: { cookie: staffCookie.join('; ') } })).text();
    const photo = page.match(/name="public_photos" value="([\w-]+)"/)[1];
    await act(name, 'accept', { ...accept('corridor', 'grid-04', '测试小区楼道堆物'), public_photos: photo });
    await act(name, 'dispatch', { unit: 'property' });
    await act(name, 'start');
    await act(name, 'finish', { text: '物业已将旧家具清走，并告知住户。' }, { photos: after });
  }
}
const seen = (name) => async (page) => {
  await page.context().addCookies(resident.map((c) => ({ name: 'visitor', value: c.split('=').slice(1).join('='), url })));
  await page.goto(`${url}/reports/${reports[name]}`);
};
const desk = (path) => async (page) => {
  await page.context().addCookies(staffCookie.map((c) => ({ name: c.split('=')[0], value: c.split('=').slice(1).join('='), url })));
  await page.goto(url + (typeof path === 'function' ? path() : path));
};
const consolePages = staffCookie ? {
  'status-submitted': seen('submitted'), 'status-asked': seen('asked'), 'status-dispatched': seen('dispatched'),
  'status-checking': seen('checking'),
  'me-reports': async (page) => { await seen('submitted')(page); await page.goto(`${url}/me`); },
  reports: visit0('/reports'), login: visit0('/console/login'), queue: desk('/console'),
  'case-submitted': desk(() => `/console/reports/${reports.submitted}`),
  'case-dispatched': desk(() => `/console/reports/${reports.dispatched}`),
  'case-checking': desk(() => `/console/reports/${reports.checking}`),
  check: desk('/console/check'), new: desk('/console/new'), settle: desk('/console/new?settle=1'),
  duty: desk('/console/duty'), stats: desk('/console/stats'), weekly: desk('/console/weekly'),
  posters: desk('/console/posters'), staff: desk('/console/staff'), signatures: desk('/console/signatures?verdict=invalidate&since=2026-11-01'), review: desk('/console/messages'),
} : {};
function visit0(path) { return (page) => page.goto(url + path); }

const visit = (path) => (page) => page.goto(url + path);
const pages = {
  home: visit('/'), pledge: visit('/pledges/traffic'), sign: visit('/sign'), refused, signed,
  me: async (page) => { await signed(page); await page.goto(`${url}/me`); },
  'my-data': async (page) => { await signed(page); await page.goto(`${url}/me/data`); await page.getByText(/全部删除|Delete everything/).first().click(); },
  licences: visit('/licences'),
  'me-empty': visit('/me'), progress: visit('/progress'), privacy: visit('/privacy'),
  screen: visit('/screen'),
  report: visit('/report'), messages: visit('/messages'), 'not-found': visit('/nowhere'),
  ...consolePages,
};

// Console and board are always in Chinese.
const chineseOnly = new Set([...Object.keys(consolePages).filter((name) => !/^(status-|me-|reports$)/.test(name)), 'screen']);
const looks = {
  light: {}, dark: { colorScheme: 'dark' }, care: { care: process.env.CARE ?? '20' },
  english: { locale: 'en' }, 'english-dark': { locale: 'en', colorScheme: 'dark' },
};
const wanted = (picture) => !only.length || only.some((word) => picture.includes(word));
const sheets = {};
for (const [width, height] of sizes) {
  for (const [look, { care, colorScheme = 'light', locale = 'zh-CN' }] of Object.entries(looks)) {
    for (const [name, open] of Object.entries(pages)) {
      const picture = `${name}-${width}-${look}`;
      if (!wanted(picture) || (locale === 'en' && chineseOnly.has(name))) continue;
      const context = await browser.newContext({
        viewport: { width, height }, colorScheme, locale, hasTouch: width < 900,
      });
      if (care) await context.addCookies([{ name: 'care', value: care, url }]);
      const page = await context.newPage();
      await open(page);
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${out}${picture}.png`, fullPage: process.env.WHOLE === '1' });
      // No horizontal overflow.
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) console.log(`${picture}: ${wide} pixels too wide`);
      sheets[`${width}-${look}`] ??= [];
      sheets[`${width}-${look}`].push([name, picture]);
      await context.close();
    }
  }
}

// Contact sheet: all pages of one size and colour scheme.
const sheetPage = await browser.newPage();
for (const [sheet, pictures] of Object.entries(sheets)) {
  const wide = sheet.startsWith('1280');
  const [columns, each] = wide ? [4, 480] : [8, 240];
  await sheetPage.setViewportSize({ width: columns * (each + 12) + 12, height: 600 });
  await sheetPage.setContent(`<body style="margin:12px;display:grid;grid-template-columns:repeat(${columns},${each}px);gap:12px;background:#888;font:14px sans-serif">
    ${pictures.map(([name, picture]) => `<figure style="margin:0"><img style="width:100%" src="data:image/png;base64,${readFileSync(`${out}${picture}.png`).toString('base64')}"><figcaption>${name}</figcaption></figure>`).join('')}`);
  await sheetPage.screenshot({ path: `${out}sheet-${sheet}.png`, fullPage: true });
}

// The screenshot in README.md.
const readme = await browser.newPage({ viewport: { width: 800, height: 844 } });
const picture = (name) => `data:image/png;base64,${readFileSync(`${out}${name}.png`).toString('base64')}`;
if (!only.length) {
  await readme.setContent(`<body style="margin:0;display:flex;gap:20px;background:#fff">
    <img src="${picture('home-390-light')}"><img src="${picture('signed-390-light')}">`);
  await readme.screenshot({ path: `${out}readme.png` });
}
await browser.close();
