// A phone is passed on: back navigation shows nothing of the former visitor, their pages do nothing
// to the next one, and public pages stay in the back/forward cache.
import type { Page } from '@playwright/test';
import { launchOptions } from '../chromium.ts';
import { acceptAndDispatch, file, fill, staffOf } from '../casework.ts';
import { expect, logIn, sign, signatures, test } from '../server.ts';

test.use({
  // Playwright disables the back/forward cache by default.
  launchOptions: { ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] },
  // 404 and 409 for pages of the former visitor; ERR_CACHE_MISS for responses to a POST.
  expectedComplaints: /status of 40[49]|ERR_CACHE_MISS/,
});

/** Goes back one page. A fixed wait, as pages from the back/forward cache fire no `load`. */
async function back(page: Page): Promise<void> {
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForTimeout(700);
}

/** Goes back several pages; returns the text of each. */
async function allBehind(page: Page, times: number): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < times; i += 1) {
    await back(page);
    seen.push(await page.locator('body').innerText());
  }
  return seen;
}

test('everybody’s pages come back from memory, one’s own are asked for anew', async ({ page, javaScriptEnabled }) => {
  test.setTimeout(120_000);
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  let asked: string[] = [];
  page.on('request', (request) => { if (request.isNavigationRequest()) asked.push(new URL(request.url()).pathname); });
  const open = ['/', '/pledges/home', '/progress', '/privacy', '/reports', '/messages', '/report'];
  for (const path of open) {
    await page.goto(path, { waitUntil: 'networkidle' });
    await page.goto('/licences');
    asked = [];
    await back(page);
    expect(new URL(page.url()).pathname).toBe(path);
    expect(asked, `${path} comes back from memory`).toEqual([]);
  }
  // Without scripts the browser drops these only when the visitor changes: tested below.
  for (const path of javaScriptEnabled ? ['/me', '/me/data', '/signed', '/recovery'] : []) {
    await page.goto(path, { waitUntil: 'networkidle' });
    await page.goto('/licences');
    asked = [];
    await back(page);
    await expect(page).toHaveURL(new RegExp(`${path}$`));
    await expect.poll(() => asked.length, `${path} is asked for anew`).toBeGreaterThan(0);
  }
});

test('going back after 换人签名 shows nothing of the former person', async ({ page }) => {
  await fill(page, 'grid-33', '先来的小区');
  const report = await file(page);
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  await page.goto('/me');
  await expect(page.getByText('先来的小区')).toBeVisible();
  await page.goto('/me/data');
  await expect(page.getByText('先来的小区')).toBeVisible();
  await page.goto(`/reports/${report}`);
  await page.goto('/signed');
  await page.getByRole('button', { name: '换人签名' }).click();
  await expect(page).toHaveURL(/\/sign$/);
  const seen = await allBehind(page, 6);
  for (const text of seen) {
    expect(text).not.toContain('王测试');
    expect(text).not.toContain('先来的小区');
  }
});

test('going back after a logout shows nothing of a case', async ({ page, server }) => {
  const { worker } = staffOf(server, 'grid-34');
  await fill(page, 'grid-34', '别人看不到的小区');
  const report = await file(page);
  await page.context().clearCookies({ name: 'visitor' });
  await logIn(page, worker);
  await page.goto(`/console/reports/${report}`);
  await acceptAndDispatch(page);
  await expect(page.getByText('三楼王测试家门口堆了旧家具')).toBeVisible();
  await page.goto('/console/account');
  await page.getByRole('button', { name: '退出登录' }).click();
  await expect(page).toHaveURL(/\/console\/login/);
  const seen = await allBehind(page, 4);
  for (const text of seen) {
    expect(text).not.toContain('别人看不到的小区');
    expect(text).not.toContain('三楼王测试');
  }
});

test('pages that the former person left open do nothing to the next one', async ({ page, context, server }) => {
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  const [card, data] = [await context.newPage(), await context.newPage()];
  await card.goto('/signed');
  await data.goto('/me/data');
  await page.getByRole('button', { name: '换人签名' }).click();
  await sign(page, '李测试');
  await expect(page).toHaveURL(/signed$/);
  const before = await signatures(server);

  await card.getByText('撤回签名').click();
  await card.getByRole('button', { name: '确认撤回' }).click();
  await expect(card.getByRole('heading', { level: 1 })).toHaveText('这不是您现在的签名');
  await data.locator('summary', { hasText: '全部删除' }).click();
  await data.getByLabel('我明白删除后找不回来').check();
  await data.getByRole('button', { name: '全部删除' }).click();
  await expect(data.getByRole('heading', { level: 1 })).toHaveText('这不是您现在的签名');
  expect(await signatures(server)).toBe(before);
  await data.getByRole('link', { name: '我的', exact: true }).click();
  await expect(data.getByText('李测试')).toBeVisible();
});

test('another name on a form that was open is offered 换人签名, and loses nothing', async ({ page, context, server }) => {
  const open = await context.newPage();
  await open.goto('/sign');
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  const before = await signatures(server);

  await open.getByText('写一句寄语').click();
  await open.getByLabel('寄语', { exact: true }).fill('加油');
  await sign(open, '李测试', ['交通文明守秩序']);
  await expect(open.getByRole('alert')).toContainText('这台手机上王**已经签过');
  await expect(open.getByLabel('您的姓名')).toHaveValue('李测试');
  expect(await signatures(server)).toBe(before);
  await open.getByRole('button', { name: '换人签名' }).click();
  await expect(open.getByRole('alert')).toContainText('已换成下一位');
  await expect(open.getByLabel('您的姓名')).toHaveValue('李测试');
  await expect(open.getByLabel('交通文明守秩序', { exact: true })).toBeChecked();
  await expect(open.getByLabel('寄语', { exact: true })).toHaveValue('加油');
  await open.getByRole('button', { name: '签名', exact: true }).click();
  await expect(open).toHaveURL(/signed$/);
  await expect(open.getByText('李测试')).toBeVisible();
  expect(await signatures(server)).toBe(before + 1);
});

test('what someone began to write is theirs alone', async ({ page, javaScriptEnabled }) => {
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/signed$/);
  await page.goto('/report', { waitUntil: 'networkidle' });
  const words = page.getByLabel('看到了什么');
  await words.fill('先来的人写的');
  if (javaScriptEnabled) {
    // The draft is kept for its author.
    await page.goto('/progress');
    await page.goto('/report');
    await expect(words).toHaveValue('先来的人写的');
  }
  await page.goto('/signed');
  await page.getByRole('button', { name: '换人签名' }).click();
  await expect(page).toHaveURL(/\/sign$/);
  await page.waitForLoadState('networkidle');
  if (javaScriptEnabled) {
    // Back on the former visitor's form, from the browser's memory: it now belongs to this visitor.
    await back(page);
    await back(page);
    await expect(page).toHaveURL(/\/report$/);
    await expect(words).toHaveValue('');
  }
  await page.goto('/report', { waitUntil: 'networkidle' });
  await expect(words).toHaveValue('');
  const kept = javaScriptEnabled ? await page.evaluate(() => JSON.stringify({ ...localStorage })) : '';
  expect(kept).not.toContain('先来的人写的');
});
