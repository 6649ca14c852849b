// Several photos chosen at once: each is uploaded once and stored once, in every form.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { fill, inOwnBrowser, staffOf } from '../casework.ts';
import { photo } from '../photo.ts';
import { expect, type Server, test } from '../server.ts';

const lot = (n: number) => Array.from({ length: n }, (_, i) => photo(`IMG_${i + 1}.jpg`));

/** Counts the upload requests that the page sends by itself. */
function uploads(page: Page): () => number {
  let sent = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/report/photos') sent += 1;
  });
  return () => sent;
}

/** Number of stored photos, without thumbnails. */
const stored = (server: Server): number => readdirSync(path.join(server.folder, 'photos'), { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile() && !file.name.includes('.thumb.')).length;

const tiles = (within: Page | Locator): Locator => within.getByAltText(/^已选的照片/);

for (const n of [2, 3]) {
  test(`${n} photos at once are ${n} photos of the report`, async ({ page, server, javaScriptEnabled }) => {
    const sent = uploads(page);
    const before = stored(server);
    await fill(page, 'grid-31', '测试小区');
    await page.locator('input[name=photos]').setInputFiles(lot(n));
    if (javaScriptEnabled) {
      await expect(tiles(page)).toHaveCount(n);
      await page.waitForTimeout(1000);
      await expect(tiles(page), 'no more come after them').toHaveCount(n);
      expect(sent()).toBe(n);
    }
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page).toHaveURL(/\/reports\/[\w-]{22}$/);
    await expect(page.getByAltText(/^处理前的照片/)).toHaveCount(n);
    expect(stored(server) - before).toBe(n);
  });
}

test.describe('more than there is room for', () => {
  test.use({ expectedComplaints: /status of 4/ });

  test('of 5 photos at once 3 are taken, and a sentence says so', async ({ page, server, javaScriptEnabled }) => {
    const sent = uploads(page);
    const before = stored(server);
    await fill(page, 'grid-31', '测试小区');
    await page.locator('input[name=photos]').setInputFiles(lot(5));
    if (!javaScriptEnabled) {
      await page.getByRole('button', { name: '提交', exact: true }).click();
      await expect(page.locator('#error-photos')).toContainText('最多3张照片，请去掉2张');
      await expect(tiles(page)).toHaveCount(5);
      expect(stored(server) - before).toBe(5);
      for (const box of (await page.locator('input[name=held]').all()).slice(3)) await box.uncheck();
    } else {
      await expect(page.getByText('最多3张照片，多的没有选上')).toBeVisible();
      await expect(tiles(page)).toHaveCount(3);
      expect(sent()).toBe(3);
    }
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page).toHaveURL(/\/reports\/[\w-]{22}$/);
    await expect(page.getByAltText(/^处理前的照片/)).toHaveCount(3);
  });
});

test('in the console each of two fields sends its own lot once', async ({ browser, server, javaScriptEnabled }) => {
  const { worker } = staffOf(server, 'grid-31');
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  await desk.goto('/console/new?settle=1');
  const sent = uploads(desk);
  const before = stored(server);
  await desk.getByLabel('分类').selectOption('corridor');
  await desk.getByLabel('在哪里').fill('测试小区');
  await desk.getByLabel('是什么情况').fill('堆物');
  await desk.getByLabel('怎样处理的').fill('已清走');
  await desk.locator('input[name=before][type=file]').setInputFiles(lot(2));
  if (javaScriptEnabled) await expect(tiles(desk)).toHaveCount(2);
  // The after photo must differ: the same one with another orientation.
  const after = [3, 6, 8].map((way) => photo(`AFTER_${way}.jpg`, way));
  await desk.locator('input[name=photos][type=file]').setInputFiles(after);
  if (javaScriptEnabled) {
    await expect(tiles(desk)).toHaveCount(5);
    await desk.waitForTimeout(1000);
    await expect(tiles(desk)).toHaveCount(5);
    expect(sent()).toBe(5);
  }
  await desk.getByRole('button', { name: '办结，提交核查' }).click();
  await expect(desk).toHaveURL(/\/console\/reports\//);
  expect(stored(server) - before).toBe(5);
});
