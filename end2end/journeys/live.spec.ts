// After a signature the number changes on every other open page.
import { expect, sign, signatures, test } from '../server.ts';

test('the count rises on another phone', async ({ page, browser, server, javaScriptEnabled }) => {
  await page.goto('/');
  const shown = page.locator('.hero__count .live-number');
  const number = async () => Number((await shown.innerText()).replaceAll(',', ''));
  const before = await number();
  expect(before, 'the number stands in the page first').toBeLessThanOrEqual(await signatures(server));

  const other = await browser.newContext({ baseURL: server.url });
  const phone = await other.newPage();
  await phone.goto('/sign?grid=grid-05');
  await sign(phone, '李测试');
  await expect(phone).toHaveURL(/\/signed$/);
  await other.close();

  if (javaScriptEnabled === false) await page.reload();
  await expect.poll(number, { timeout: 1_000 }).toBeGreaterThan(before);
  await expect(page.locator('.windows__window').nth(4)).toHaveClass(/windows__window_lit/);
});

test('numbers agree wherever they stand', async ({ page, server }) => {
  await page.goto('/sign?grid=grid-11');
  await sign(page, '赵测试', ['交通文明守秩序']);
  await expect(page).toHaveURL(/\/signed$/);
  await page.goto('/progress');
  const count = async (row: string) => {
    const cell = page.getByRole('row', { name: row }).getByRole('cell');
    return Number((await cell.innerText()).replaceAll(',', ''));
  };
  expect(await count('交通文明守秩序')).toBeGreaterThan(0);
  expect(await count('第11网格')).toBeGreaterThan(0);
  expect(await signatures(server)).toBeGreaterThan(0);
});
