// 大字版: the switch, and that it is remembered. Sizes are checked in sizes.spec.ts.
import { expect, pages, test } from '../server.ts';

test.use({ expectedComplaints: /status of 4/ });

test('a switch on every page leads to large text and back', async ({ page, server }) => {
  test.setTimeout(180_000);
  for (const path of [...pages, '/nowhere']) {
    await page.goto(path);
    await page.getByRole('button', { name: '大字版' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-care', '20');
    if (path !== '/nowhere') await expect(page).toHaveURL(server.url + path);
    await page.goto(path);
    await page.getByRole('button', { name: '标准版' }).click();
    await expect(page.locator('html')).not.toHaveAttribute('data-care');
  }
});

test('text grows in steps, and the size is remembered', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: '大字版' }).click();
  for (const size of ['24', '30']) {
    await page.getByRole('button', { name: '字大一点' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-care', size);
  }
  await expect(page.getByRole('button', { name: '字大一点' })).toHaveCount(0);
  await page.goto('/progress');
  await expect(page.locator('html')).toHaveAttribute('data-care', '30');
  await expect(page.locator('body')).toHaveAttribute('data-weui-mode', 'care');
  await page.getByRole('button', { name: '字小一点' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-care', '24');
});

test('where a list was turned over, the switch leads back to its page', async ({ page }) => {
  await page.goto('/reports?state=closed');
  await page.getByRole('button', { name: '大字版' }).click();
  await expect(page).toHaveURL(/state=closed$/);
});
