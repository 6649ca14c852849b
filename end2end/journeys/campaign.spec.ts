// Another street's campaign file, and a closed campaign.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, sign, signatures, test } from '../server.ts';

const lantern = path.join(import.meta.dirname, '..', '..', 'src', 'tests', 'lantern-street.toml');

test('another street deploys its own file', async ({ page, startServer }) => {
  const server = await startServer({ CHUANGQUAN_CAMPAIGN: lantern });
  await page.goto(`${server.url}/`);
  await expect(page.getByRole('heading', { name: '点亮灯笼街' })).toBeVisible();
  await expect(page.getByText('3个网格')).toBeVisible();
  await page.goto(`${server.url}/sign`);
  await page.getByLabel('您住的小区或附近路段').selectOption({ label: '烛台苑（西片）' });
  await sign(page, '王测试', ['夜里安静', '见面问好']);
  await expect(page).toHaveURL(/signed$/);
  await expect(page.getByText('灯笼街道 · 烛台苑（西片）')).toBeVisible();
  expect(await signatures(server)).toBe(1);
});

test('after the last day the form is closed', async ({ page, startServer }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'campaign-'));
  const file = path.join(folder, 'over.toml');
  const text = await readFile(lantern, 'utf8');
  await writeFile(file, text.replace('closes = 2999-12-31', 'closes = 2026-06-02'));
  const server = await startServer({ CHUANGQUAN_CAMPAIGN: file });
  await page.goto(`${server.url}/`);
  await expect(page.getByText('签名已于2026年6月2日结束')).toBeVisible();
  await expect(page.getByRole('link', { name: '我要签名' })).toHaveCount(0);
  await page.goto(`${server.url}/sign`);
  await expect(page.getByRole('heading', { name: '活动已经结束' })).toBeVisible();
  await rm(folder, { recursive: true });
});
