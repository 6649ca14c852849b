// A visitor's own data: read, download, erase.
import { readFileSync } from 'node:fs';
import { code, fill } from '../casework.ts';
import { expect, sign, signatures, test } from '../server.ts';

test.use({ expectedComplaints: /status of 4/ });

test('sees all that is kept, takes a copy and has it erased', async ({ page, server, javaScriptEnabled }) => {
  const grid = javaScriptEnabled ? 'grid-31' : 'grid-32';
  await page.goto('/me/data');
  await expect(page.getByText('我们这里没有保存您的任何内容。')).toBeVisible();

  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/\/signed$/);
  const counted = await signatures(server);
  await fill(page, grid, '测试小区9号楼');
  await page.getByText('留个联系方式').click();
  await page.getByLabel('怎么称呼您').fill('赵测试');
  await page.getByLabel('电话', { exact: true }).fill('138 0000 0000');
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/reports\/[\w-]{22}$/);
  const report = code(page);

  await page.goto('/me');
  await page.getByRole('link', { name: '我的数据：查看、下载、删除' }).click();
  await expect(page).toHaveURL(/\/me\/data$/);
  for (const text of ['王测试', '测试小区9号楼', '赵测试，13800000000']) {
    await expect(page.getByText(text, { exact: true })).toBeVisible();
  }
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: '下载一份（JSON）' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('my-data.json');
  const copy = JSON.parse(readFileSync(await download.path(), 'utf8'));
  expect(copy.signatures[0].name).toBe('王测试');
  expect(copy.reports[0].contact_phone).toBe('13800000000');

  // Not without confirmation.
  await page.getByText('全部删除').first().click();
  const erase = page.getByRole('button', { name: '全部删除' });
  await erase.click();
  await expect(page.getByText('没有删除：请先勾选“我明白删除后找不回来”')).toBeVisible();
  await expect(page.getByLabel('我明白删除后找不回来')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('我明白删除后找不回来').check();
  await erase.click();
  await expect(page).toHaveURL(/\/me\/data$/);
  await expect(page.getByText('我们这里没有保存您的任何内容。')).toBeVisible();
  expect(await signatures(server)).toBe(counted - 1);
  expect((await page.goto(`/reports/${report}`))!.status()).toBe(404);
  await page.goto('/me');
  await expect(page.getByText('您还没有在这台手机上签名。')).toBeVisible();
});
