// Every page, looked at as axe would: light and dark, with the islands awake and with
// the page as it is for those who have no scripts. No rule is switched off.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, pages, sign, test } from '../server.ts';

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(' | ')}`);
}

test.use({ expectedComplaints: /status of 4|ERR_FAILED/ });

for (const colorScheme of ['light', 'dark'] as const) {
  for (const islands of ['awake', 'still'] as const) {
    test(`axe finds nothing: ${colorScheme}, islands ${islands}`, async ({ page }) => {
      test.setTimeout(90_000);
      await page.emulateMedia({ colorScheme });
      if (islands === 'still') await page.route('**/*.wasm', (route) => route.abort());
      for (const path of [...pages, '/nowhere']) {
        await page.goto(path);
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
  }
}
