// Offline: pages seen before are cached, forms are queued with their photos and sent once; personal
// pages are never cached.
import type { BrowserContext, Page } from '@playwright/test';
import { fill } from '../casework.ts';
import { photo } from '../photo.ts';
import { expect, sign, signatures, test } from '../server.ts';

test.use({ serviceWorkers: 'allow', expectedComplaints: /ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED|status of 4/ });

/** A page controlled by the service worker (from the second page on). */
async function atHome(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: '动态' }).click();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.goto('/');
}

const cached = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
    }
    return found;
  });

/** Number of forms in the service worker's queue. */
const waiting = (page: Page): Promise<number> =>
  page.evaluate(() => new Promise((resolve) => {
    const opening = indexedDB.open('chuangquan', 1);
    opening.onsuccess = () => {
      const counting = opening.result.transaction('forms').objectStore('forms').count();
      counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
    };
  }));

const reports = async (context: BrowserContext, url: string): Promise<string[]> => {
  const page = await (await context.request.get(`${url}/me`)).text();
  return [...new Set(page.match(/\/reports\/[\w-]{22}/g) ?? [])];
};

test('pages seen before open without a network, with a mark', async ({ page, context }) => {
  await atHome(page);
  await context.setOffline(true);
  await page.goto('/');
  await expect(page.getByRole('heading', { name: '共建全国文明城区' })).toBeVisible();
  await expect(page.getByText(/现在没有网络，这是.*看到的内容/)).toBeVisible();
  await page.goto('/me');
  await expect(page.getByRole('heading', { name: '现在没有网络' })).toBeVisible();
  await context.setOffline(false);
  await page.goto('/');
  await expect(page.getByText('现在没有网络')).toHaveCount(0);
});

test('a report made without a network is sent once, with its photo, when there is one', async ({ page, context, server }) => {
  await atHome(page);
  // After a visit to `/report` the photo scaler is cached.
  await page.goto('/report', { waitUntil: 'networkidle' });
  await context.setOffline(true);
  await fill(page, 'grid-11', '离线小区');
  await expect(page.getByText('有网络时自动送出')).toBeVisible();
  await page.locator('input[type=file]').setInputFiles(photo());
  await expect(page.getByText('会和表单一起提交')).toBeVisible();
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/offline$/);
  await expect(page.getByText('您填的1份内容已存在手机里')).toBeVisible();
  await context.setOffline(false);
  await expect(page).toHaveURL(/\/me$/, { timeout: 15_000 });
  const found = await reports(context, server.url);
  expect(found).toHaveLength(1);
  await page.goto(found[0]!);
  await expect(page.getByText('离线小区')).toBeVisible();
  await expect(page.getByRole('img', { name: /照片|处理前/ }).first()).toBeVisible();
  // The queue is empty: nothing is sent twice.
  await page.evaluate(() => navigator.serviceWorker.controller!.postMessage('send'));
  await page.goto('/');
  expect(await reports(context, server.url)).toHaveLength(1);
});

test('an answer that was lost does not make two of one', async ({ page, context, server }) => {
  await atHome(page);
  await fill(page, 'grid-12', '断线小区');
  // The server receives the form; the response is lost.
  let lost = 0;
  await context.route('**/report', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch({ maxRedirects: 0 });
    return route.abort();
  });
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await page.waitForURL(/\/(offline|me)$/);
  expect(lost).toBe(1);
  // The service worker may be navigating the page to `/me` at the same time.
  await page.goto('/progress').catch(() => page.goto('/progress'));
  await page.evaluate(() => navigator.serviceWorker.controller!.postMessage('send'));
  await expect.poll(() => waiting(page)).toBe(0);
  expect(await reports(context, server.url)).toHaveLength(1);
});

test('a signature made without a network counts once', async ({ page, context, server }) => {
  await atHome(page);
  const before = await signatures(server);
  await context.setOffline(true);
  await page.goto('/sign');
  await sign(page, '离线测试');
  await expect(page).toHaveURL(/\/offline$/);
  await context.setOffline(false);
  await expect(page).toHaveURL(/\/me$/, { timeout: 15_000 });
  await expect(page.getByText('离线测试')).toBeVisible();
  expect(await signatures(server)).toBe(before + 1);
});

test('a form that was refused later comes back with what was typed', async ({ page, context }) => {
  await atHome(page);
  await context.setOffline(true);
  await page.goto('/report');
  await page.getByLabel('在哪里').fill('没有分类的小区');
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/offline$/);
  await context.setOffline(false);
  await expect(page).toHaveURL(/\/report$/, { timeout: 15_000 });
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('在哪里')).toHaveValue('没有分类的小区');
});

test('a form that waited is sent by the next visit, however long after', async ({ page, context, server }) => {
  await atHome(page);
  await context.setOffline(true);
  await fill(page, 'grid-13', '隔天小区');
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/offline$/);
  // The page is closed before the network is back, so nothing notifies the worker.
  await page.close();
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto(`${server.url}/progress`);
  await expect.poll(() => waiting(later), { timeout: 15_000 }).toBe(0);
  expect(await reports(context, server.url)).toHaveLength(1);
});

test('the next person at a phone gets nothing of what this one has left, which is seen first', async ({ page, context, server }) => {
  await atHome(page);
  await page.goto('/sign');
  await sign(page, '先来测试');
  await expect(page).toHaveURL(/signed$/);
  await context.setOffline(true);
  await page.goto('/report');
  await page.getByLabel('在哪里').fill('没有分类的小区');
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/offline$/);
  // Leave `/offline`: the worker would navigate it to `/me` after sending the queue.
  await page.goto('/');
  await context.setOffline(false);
  await page.goto('/signed');
  await page.getByRole('button', { name: '换人签名' }).click();
  await expect(page, 'it is not thrown away').toHaveURL(/\/report$/);
  await expect(page.getByLabel('在哪里')).toHaveValue('没有分类的小区');
  await page.goto('/signed');
  await page.getByRole('button', { name: '换人签名' }).click();
  await expect(page).toHaveURL(/\/sign$/);
  await page.goto('/report');
  await expect(page.getByLabel('在哪里')).toHaveValue('');
  expect(await waiting(page)).toBe(0);
  expect(await reports(context, server.url)).toHaveLength(0);
});

test('who has all of theirs deleted has what waits sent first, and nothing is left', async ({ page, context, server }) => {
  await atHome(page);
  await page.goto('/sign');
  await sign(page, '先来测试');
  await expect(page).toHaveURL(/signed$/);
  await page.goto('/me/data');
  await page.getByText('全部删除').first().click();
  await page.getByLabel('我明白删除后找不回来').check();
  // Filled in in another window, offline; the first window does not know of it.
  const other = await context.newPage();
  await context.setOffline(true);
  await other.goto('/report');
  await other.getByLabel('楼道堆物').check();
  await other.getByLabel('在哪里').fill('离线后删除的小区');
  await other.getByLabel('看到了什么').fill('堆物');
  await other.getByLabel(/我已阅读并同意/).check();
  await other.getByRole('button', { name: '提交', exact: true }).click();
  await expect(other).toHaveURL(/\/offline$/);
  expect(await waiting(other)).toBe(1);
  const received = async () => ((await (await fetch(`${server.url}/counts.json`)).json()) as { reports: { received: number } }).reports.received;
  const before = await received();
  const sent: string[] = [];
  context.on('request', (request) => { if (request.method() === 'POST') sent.push(new URL(request.url()).pathname); });
  await context.setOffline(false);
  await page.getByRole('button', { name: '全部删除' }).click();
  await expect(page.getByText('我们这里没有保存您的任何内容')).toBeVisible();
  expect(sent.filter((path) => path === '/report' || path === '/me/erase')).toEqual(expect.arrayContaining(['/report', '/me/erase']));
  // The report was sent, then withdrawn with the rest.
  await expect.poll(received).toBe(before);
});

test('nothing of one’s own is kept, and the worker can be switched off', async ({ page }) => {
  await atHome(page);
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  await page.goto('/me');
  await page.goto('/console/login');
  await page.goto('/reports');
  const kept = await cached(page);
  expect(kept).toContain('/reports');
  expect(kept.filter((path) => !/^\/($|pkg\/|icon|offline$|sign$|report$|reports$|progress$)/.test(path))).toEqual([]);
  for (const path of ['/sign', '/report', '/']) {
    const text = await page.evaluate(async (path) => (await (await caches.match(path))!.text()), path);
    expect(text).not.toContain('王测试');
  }
});

test('an office that wants no worker sends one that goes away', async ({ page, startServer }) => {
  const other = await startServer({ CHUANGQUAN_OFFLINE: 'off' });
  const worker = await (await fetch(`${other.url}/sw.js`)).text();
  expect(worker).toContain('unregister');
  await page.goto(`${other.url}/`);
  await page.getByRole('link', { name: '动态' }).click();
  await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistrations()).length === 0);
  expect(await cached(page)).toEqual([]);
});
