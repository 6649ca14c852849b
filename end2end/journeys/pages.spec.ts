// Every page: size of tap targets, and no overflow on a narrow screen.
import type { Page } from '@playwright/test';
import { file, fill, staffOf } from '../casework.ts';
import { consolePages, expect, logIn, pages, test } from '../server.ts';

/** Tap targets smaller than 44 by 44 CSS pixels. */
const smallTargets = (page: Page) =>
  page.evaluate(() => {
    const small: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('a, button, summary, select, input')) {
      // A checkbox in a row counts with the row; links within a sentence are exempt.
      const row = element.closest('label') ?? element;
      const box = row.getBoundingClientRect();
      if (box.width === 0 || element.matches('.skip-link, [aria-hidden=true]')) continue;
      if (box.height < 44 || box.width < 44) small.push(`${box.width}×${box.height} ${element.outerHTML.slice(0, 90)}`);
    }
    return small;
  });

test('nothing is too small for a thumb or too wide for the screen', async ({ page }) => {
  for (const width of [320, 360, 1280]) {
    await page.setViewportSize({ width, height: 640 });
    for (const path of pages) {
      await page.goto(path);
      expect(await smallTargets(page), `${path} at ${width}`).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${path} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
});

test('nothing of the console is, either', async ({ page, server }) => {
  test.setTimeout(120_000);
  const { worker } = staffOf(server, 'grid-31');
  await fill(page, 'grid-31', '宽度小区');
  const report = await file(page);
  await logIn(page, worker);
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 640 });
    for (const path of [...consolePages, `/console/reports/${report}`, `/reports/${report}`]) {
      await page.goto(path);
      expect(await smallTargets(page), `${path} at ${width}`).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${path} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
});

test('the red head leaves room for what matters', async ({ page }) => {
  for (const [width, height] of [[360, 640], [390, 844], [1280, 800]] as const) {
    await page.setViewportSize({ width, height });
    await page.goto('/');
    const hero = await page.locator('.hero').boundingBox();
    expect(hero!.height, `${width}`).toBeLessThanOrEqual(220);
    await expect(page.getByRole('link', { name: '我要签名' })).toBeInViewport({ ratio: 1 });
  }
});

test('the tab bar leads everywhere and says where one is', async ({ page }) => {
  await page.goto('/');
  for (const [tab, heading] of [
    ['随手拍', '随手拍'], ['动态', '大家的参与'], ['我的', '我的'], ['首页', '共建全国文明城区'],
  ] as const) {
    const link = page.getByRole('navigation').getByRole('link', { name: tab });
    await link.click();
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(link).toHaveAttribute('aria-current', 'page');
    await expect(page.locator('[aria-current]')).toHaveCount(1);
  }
});
