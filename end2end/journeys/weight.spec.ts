// Page weight of a first visit: bytes in the browser's network log, including response headers.
import type { CDPSession, Page } from '@playwright/test';
import { complete } from '../casework.ts';
import { expect, sign, test } from '../server.ts';

const KB = 1000;

/** Bytes per URL of everything that the page loads. */
async function log(page: Page): Promise<Map<string, number>> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  const addresses = new Map<string, string>();
  const bytes = new Map<string, number>();
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, new URL(request.url).pathname));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => bytes.set(addresses.get(requestId)!, encodedDataLength));
  return bytes;
}

const sum = (bytes: Map<string, number>, kind = /./): number =>
  [...bytes].filter(([address]) => kind.test(address)).reduce((total, [, n]) => total + n, 0);

test('the home page weighs at most 90 KB in all, its text at most 25', async ({ page, browser, server }) => {
  // The heavier of its two forms: with the photos of a completed report.
  await complete(page, browser, server, 'grid-31');
  const bytes = await log(page);
  await page.goto('/', { waitUntil: 'networkidle' });
  expect([...bytes.keys()].some((address) => address.endsWith('.wasm')), 'islands came').toBe(true);
  expect([...bytes.keys()].some((address) => address.startsWith('/photos/')), 'photos came').toBe(true);
  const program = /^\/$|\.(css|js|wasm)$/;
  expect(sum(bytes, program), JSON.stringify([...bytes])).toBeLessThanOrEqual(90 * KB);
  // Photos of reports are not counted.
  expect(sum(bytes, /^(?!\/photos)/), 'with the icon and what else there is').toBeLessThanOrEqual(92 * KB);
  expect(sum(bytes, /^(?!\/photos|.*\.(wasm|js)$)/)).toBeLessThanOrEqual(25 * KB);
});

test('a form can be used after 25 KB', async ({ page }) => {
  for (const path of ['/sign', '/report']) {
    const bytes = await log(page);
    await page.route(/\.(wasm|js)$/, () => {});
    await page.goto(path);
    await expect(page.getByRole('button', { name: /^(签名|提交)$/ })).toBeEnabled();
    expect(sum(bytes), path).toBeLessThanOrEqual(25 * KB);
  }
});

test('pages without islands load no program, and none loads a font', async ({ page }) => {
  for (const path of ['/privacy', '/reports', '/messages', '/me', '/recovery', '/console/login']) {
    const bytes = await log(page);
    await page.goto(path, { waitUntil: 'networkidle' });
    expect([...bytes.keys()].filter((address) => /\.(wasm|js|woff2?|ttf)$/.test(address)), path).toEqual([]);
  }
});

test('what is loaded is kept for good', async ({ page, server }) => {
  await page.goto('/sign');
  await sign(page, '王测试');
  for (const file of await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name))) {
    if (!file.startsWith(`${server.url}/pkg/`)) continue;
    const answer = await fetch(file, { headers: { 'Accept-Encoding': 'br' } });
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('content-encoding')).toBe('br');
  }
});
