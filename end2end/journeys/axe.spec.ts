// Accessibility: axe with all rules on every page, in light and dark, with and without islands.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { file, fill, press, staffOf } from '../casework.ts';
import { consolePages, expect, logIn, managerPages, pages, sign, test } from '../server.ts';

/**
 * By all rules in light, and in dark by those that look at colours. Legacy mode asks within the page;
 * the other opens a page of its own for each answer, to join frames, and no page of ours has any.
 */
async function faults(page: Page): Promise<string[]> {
  expect(page.frames()).toHaveLength(1);
  const axe = () => new AxeBuilder({ page }).setLegacyMode();
  const { violations: light } = await axe().analyze();
  await page.emulateMedia({ colorScheme: 'dark' });
  const { violations: dark, passes, incomplete } = await axe().withRules(['color-contrast', 'link-in-text-block']).analyze();
  await page.emulateMedia({ colorScheme: 'light' });
  // Contrast on the board's gradient is beyond axe: incomplete.
  expect([...passes, ...incomplete].map((rule) => rule.id)).toContain('color-contrast');
  const told = (of: typeof light) => of.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(' | ')}`);
  return [...told(light), ...told(dark).map((fault) => `in dark, ${fault}`)];
}

test.use({ expectedComplaints: /status of 4|ERR_FAILED/ });

test('axe finds nothing in 大字版, nor in English', async ({ page, context, server }) => {
  test.setTimeout(240_000);
  await context.addCookies([{ name: 'care', value: '30', url: server.url }]);
  for (const path of [...pages, '/nowhere', '/screen']) {
    await page.goto(path);
    expect(await faults(page), path).toEqual([]);
  }
  await page.goto('/sign?lang=en');
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  expect(await faults(page), 'the refused form').toEqual([]);
  for (const path of pages) {
    await page.goto(path);
    expect(await faults(page), `${path} in English`).toEqual([]);
  }
  const { lead } = staffOf(server, 'grid-36');
  await logIn(page, lead);
  for (const path of consolePages) {
    await page.goto(path);
    expect(await faults(page), path).toEqual([]);
  }
  const manager = 'manager-axe';
  server.addStaff(manager, '王测试', 'manager');
  await logIn(page, manager);
  for (const path of managerPages) {
    await page.goto(path);
    expect(await faults(page), path).toEqual([]);
  }
});

for (const islands of ['awake', 'still'] as const) {
  test(`axe finds nothing, islands ${islands}`, async ({ page }) => {
    test.setTimeout(180_000);
    if (islands === 'still') await page.route('**/*.wasm', (route) => route.abort());
    for (const path of [...pages, '/nowhere']) {
      await page.goto(path);
      // Without islands it is the same page as before.
      if (islands === 'still' && (await page.locator('leptos-island').count()) === 0) continue;
      expect(await faults(page), path).toEqual([]);
    }
    await page.goto('/');
    await page.getByText('为什么发出倡议').click();
    expect(await faults(page), 'the whole 倡议').toEqual([]);
    await page.goto('/sign');
    await page.getByText('写一句寄语').click();
    expect(await faults(page), 'the open form').toEqual([]);
    await page.getByRole('button', { name: '签名', exact: true }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    expect(await faults(page), 'the refused form').toEqual([]);
    await sign(page, '王测试');
    await expect(page).toHaveURL(/signed$/);
    await page.getByText('撤回签名').click();
    expect(await faults(page), '/signed').toEqual([]);
    await page.goto('/me');
    expect(await faults(page), '/me').toEqual([]);
  });

  test(`axe finds nothing in a report or the console, islands ${islands}`, async ({ page, server }) => {
    test.setTimeout(180_000);
    if (islands === 'still') await page.route('**/*.wasm', (route) => route.abort());
    await page.goto('/report');
    await page.getByText('其他分类').click();
    await page.getByText('留个联系方式').click();
    expect(await faults(page), 'the open form').toEqual([]);
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    expect(await faults(page), 'the refused form').toEqual([]);
    const grid = islands === 'awake' ? 'grid-32' : 'grid-33';
    const { lead } = staffOf(server, grid);
    await fill(page, grid, '无障碍小区');
    const report = await file(page);
    await page.getByText('补充文字或照片').click();
    expect(await faults(page), 'the status').toEqual([]);
    await logIn(page, lead);
    for (const path of [...consolePages, '/console/messages', `/console/reports/${report}`]) {
      await page.goto(path);
      if (islands === 'still' && (await page.locator('leptos-island').count()) === 0) continue;
      expect(await faults(page), path).toEqual([]);
    }
    await press(page, 'accept');
    for (const fold of await page.locator('details.action summary').all()) await fold.click();
    expect(await faults(page), 'an accepted report with all its forms').toEqual([]);
  });
}
