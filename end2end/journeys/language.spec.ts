// English and Chinese: by browser settings, by choice, and no untranslated text.
import type { Page } from '@playwright/test';
import { expect, sign, test } from '../server.ts';

/** Chinese text, labels and placeholders that are not marked with `lang="zh"`. */
const leftOver = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const chinese = /[\u3000-\u9fff\uff00-\uffef]/;
    const marked = (element: Element): boolean => element.closest('[lang]')?.getAttribute('lang') !== 'en';
    for (const element of document.querySelectorAll('*')) {
      if (['SCRIPT', 'STYLE'].includes(element.tagName) || marked(element)) continue;
      for (const node of element.childNodes) {
        if (node.nodeType === Node.TEXT_NODE && chinese.test(node.textContent ?? '')) found.push(node.textContent!.trim());
      }
      for (const name of ['aria-label', 'alt', 'title', 'placeholder', 'content', 'value']) {
        const value = element.getAttribute(name) ?? '';
        if (chinese.test(value)) found.push(`${name}: ${value}`);
      }
    }
    return found;
  });

test.describe('a browser set to English', () => {
  test.use({ locale: 'en-GB', expectedComplaints: /status of 4/ });

  test('gets everything in English, and the 倡议 in Chinese first', async ({ page }) => {
    await page.goto('/');
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    const printed = page.getByRole('article', { name: '倡议书' });
    await expect(printed).toHaveAttribute('lang', 'zh-CN');
    await expect(printed).toContainText('小节之处显大德');
    await expect(page.getByText('the Chinese prevails')).toBeVisible();
    await expect(page.getByRole('article', { name: 'The Appeal' })).toContainText('Small matters show great virtue');
    for (const path of ['/', '/pledges/traffic', '/sign', '/me', '/me/data', '/progress', '/privacy', '/licences', '/report', '/reports', '/messages', '/recovery', '/offline', '/nowhere']) {
      await page.goto(path);
      expect(await leftOver(page), path).toEqual([]);
    }
  });

  test('signs and reports in English, with faults told in English', async ({ page }) => {
    await page.goto('/sign');
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Please choose at least one pledge');
    expect(await leftOver(page), 'the refused form').toEqual([]);
    await page.getByLabel('A beautiful home, built together', { exact: true }).check();
    await page.getByLabel('Your name').fill('Test Person');
    await page.getByLabel(/I have read and agree/).check();
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await expect(page).toHaveURL(/\/signed$/);
    await expect(page.getByText('Signed. Thank you')).toBeVisible();
    expect(await leftOver(page), '/signed').toEqual([]);

    await page.goto('/report');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('Please say what you saw');
    expect(await leftOver(page), 'the refused report').toEqual([]);
    await page.getByLabel('Litter', { exact: true }).check();
    await page.getByLabel('What did you see').fill('Bags beside the bin');
    await page.getByLabel(/I have read and agree/).check();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Sent, waiting to be accepted');
    expect(await leftOver(page), 'the report').toEqual([]);
    await page.goto('/me');
    await expect(page.getByRole('link', { name: /^Litter/ })).toBeVisible();
    expect(await leftOver(page), '/me').toEqual([]);
  });
});

test('whoever chooses a language keeps it', async ({ page }) => {
  await page.goto('/progress');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  const switched = page.getByRole('link', { name: 'English' });
  await expect(switched).toHaveAttribute('hreflang', 'en');
  await switched.click();
  await expect(page.getByRole('heading', { name: 'How many take part' })).toBeVisible();
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.getByRole('link', { name: '中文' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page.getByText('签名成功')).toBeVisible();
});
