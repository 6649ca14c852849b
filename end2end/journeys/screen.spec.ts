// 大屏: counters, lit windows, newest messages; the DOM does not grow.
import { expect, sign, test } from '../server.ts';

test('the board moves with the counts', async ({ page, browser, server, javaScriptEnabled }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto('/screen');
  const number = page.locator('.board__count .unseen');
  const before = Number(await number.textContent());
  if (javaScriptEnabled) {
    expect(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'no scrolling').toBe(true);
  }
  await expect(page.getByRole('navigation')).toHaveCount(0);
  const phone = await browser.newPage({ baseURL: server.url, javaScriptEnabled });
  await phone.goto('/sign?grid=grid-30');
  await sign(phone, '王测试');
  await phone.close();
  if (!javaScriptEnabled) await page.reload();
  await expect(number).toHaveText(String(before + 1));
  await expect(page.locator('.board__windows').getByText(/个已有居民参与/)).toBeVisible();
});
