// 大字版: font sizes and spacing required by the MIIT, measured as rendered.
import type { Page } from '@playwright/test';
import { file, fill, staffOf } from '../casework.ts';
import { consolePages, expect, logIn, managerPages, pages, sign, test } from '../server.ts';

test.use({ expectedComplaints: /status of 4/ });

/** Text that is too small, too tight or cut off on the open page. */
const faults = (page: Page, least: { text: number; line: number; target: number }) =>
  page.evaluate(({ text, line, target }) => {
    const found: string[] = [];
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} ${(element.textContent ?? '').trim().slice(0, 20)}`;
    const seen = (element: Element) => {
      const box = element.getBoundingClientRect();
      return element.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!;
      if (!node.textContent!.trim() || !seen(element) || element.closest('svg, script')) continue;
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize);
      if (size < text) found.push(`${size} px: ${name(element)}`);
      if (parseFloat(style.lineHeight) / size < line) found.push(`line ${style.lineHeight} for ${size}: ${name(element)}`);
    }
    for (const element of document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')) {
      if (!seen(element) || element.matches('.skip-link')) continue;
      // The target of a checkbox is its whole label; links within a sentence are exempt.
      const label = element.closest('label');
      const { width, height } = (label ?? element).getBoundingClientRect();
      const inSentence = element.matches('a') && getComputedStyle(element).display === 'inline';
      if (!inSentence && (width < target || height < target)) {
        found.push(`${Math.round(width)}×${Math.round(height)}: ${name(element)}`);
      }
    }
    for (const element of document.querySelectorAll('body *')) {
      const style = getComputedStyle(element);
      if (!seen(element) || style.overflowX !== 'hidden' || element.closest('svg, .unseen')) continue;
      if (element.scrollWidth > element.clientWidth + 1) found.push(`cut off: ${name(element)}`);
    }
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) found.push(`${wide} pixels too wide`);
    return found;
  }, least);

const choose = (page: Page, size: string, url: string) =>
  page.context().addCookies([{ name: 'care', value: size, url }]);

for (const [size, width] of [['20', 360], ['30', 320]] as const) {
  test(`text of ${size} pixels at ${width}: nothing too small, tight or cut off`, async ({ page, server }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height: 640 });
    await choose(page, size, server.url);
    const least = { text: Math.max(18, Number(size) === 30 ? 24 : 18), line: 1.29, target: 60 };
    for (const path of [...pages, '/nowhere']) {
      await page.goto(path);
      expect.soft(await faults(page, least), path).toEqual([]);
    }
    await page.goto('/sign');
    await page.getByText('写一句寄语').click();
    expect.soft(await faults(page, least), 'the open form').toEqual([]);
    await page.getByRole('button', { name: '签名', exact: true }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    expect.soft(await faults(page, least), 'the refused form').toEqual([]);
    await sign(page, '王测试');
    await expect(page).toHaveURL(/signed$/);
    expect.soft(await faults(page, least), '/signed').toEqual([]);
    const { lead } = staffOf(server, 'grid-21');
    await fill(page, 'grid-21', '大字小区');
    const report = await file(page);
    expect.soft(await faults(page, least), 'a report').toEqual([]);
    await logIn(page, lead);
    for (const path of [...consolePages, `/console/reports/${report}`]) {
      await page.goto(path);
      expect.soft(await faults(page, least), path).toEqual([]);
    }
    server.addStaff(`manager-size-${size}`, '王测试', 'manager');
    await logIn(page, `manager-size-${size}`);
    for (const path of managerPages) {
      await page.goto(path);
      expect.soft(await faults(page, least), path).toEqual([]);
    }
  });
}

test('twice the text at 320 pixels: nothing cut off', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of pages) {
    await page.goto(path);
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    expect.soft(await faults(page, { text: 14, line: 1, target: 44 }), path).toEqual([]);
  }
});
