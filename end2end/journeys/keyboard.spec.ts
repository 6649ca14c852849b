// Keyboard only: Tab reaches everything in reading order, and the focus is always visible.
import type { Page } from '@playwright/test';
import { staffOf } from '../casework.ts';
import { consolePages, expect, logIn, pages, test } from '../server.ts';

interface Stop { index: number; seen: boolean; html: string }

/** Numbers all focusable elements in document order; returns how many. A radio group counts once. */
const number = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const groups = new Set<string>();
    const usable = [...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((element) => {
      if (element.matches('[disabled], [tabindex="-1"], [type=hidden]') || !element.checkVisibility({ visibilityProperty: true })) return false;
      if (!(element instanceof HTMLInputElement) || element.type !== 'radio') return true;
      const group = [...document.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${element.name}"]`)].filter((radio) => radio.form === element.form);
      const chosen = group.find((radio) => radio.checked);
      const name = `${element.form?.id} ${element.form?.action} ${element.name}`;
      if (chosen ? chosen !== element : groups.has(name)) return false;
      groups.add(name);
      return true;
    });
    usable.forEach((element, index) => { element.dataset.stop = String(index); });
    return usable.map((element) => element.outerHTML.slice(0, 120));
  });

/** Number of the focused element, and whether it or its label has a visible outline. */
const here = (page: Page): Promise<Stop> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const lined = (of: Element | null): boolean => {
      if (!of) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(of);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
    };
    const seen = lined(element) || lined(element.nextElementSibling) || lined(element.closest('label'));
    return { index: Number(element.dataset.stop ?? -1), seen, html: element.outerHTML.slice(0, 120) };
  });

async function walk(page: Page, where: string): Promise<void> {
  const usable = await number(page);
  await page.evaluate(() => { (document.activeElement as HTMLElement | null)?.blur(); });
  const stops: Stop[] = [];
  // A date field has one tab stop per part.
  for (let i = 0; i < 4 * usable.length && stops.length < usable.length; i += 1) {
    await page.keyboard.press('Tab');
    const stop = await here(page);
    if (stop.index === -1 || stop.index !== stops.at(-1)?.index) stops.push(stop);
  }
  expect(stops.map((stop) => stop.html), `${where}: in the order of reading, none left out`).toEqual(usable);
  expect(stops.filter((stop) => !stop.seen).map((stop) => stop.html), `${where}: seen where one is`).toEqual([]);
}

// Large text is walked in `make nightly`.
for (const care of process.env.NIGHTLY ? ['', '24'] : ['']) {
  test(`every page can be walked by Tab${care && ', also in 大字版'}`, async ({ page, context, server }) => {
    test.setTimeout(240_000);
    if (care) await context.addCookies([{ name: 'care', value: care, url: server.url }]);
    for (const path of pages) {
      await page.goto(path);
      await page.waitForLoadState('load');
      await page.waitForTimeout(400);
      await walk(page, path);
    }
    const { lead } = staffOf(server, 'grid-29');
    await logIn(page, lead);
    for (const path of consolePages) {
      await page.goto(path);
      await page.waitForTimeout(400);
      await walk(page, path);
    }
  });
}

test('reports by keyboard alone', async ({ page }) => {
  await page.goto('/report');
  await page.waitForTimeout(400);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: '跳到正文' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.locator('input[name=photos]'), 'past the bar at the top').toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('input[name=category]').nth(1)).toBeChecked();
  const tabTo = async (css: string): Promise<void> => {
    for (let i = 0; i < 20; i += 1) {
      await page.keyboard.press('Tab');
      if (await page.locator(css).evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`Tab does not come to ${css}`);
  };
  await tabTo('textarea[name=description]');
  await page.keyboard.type('litter beside the bin');
  await tabTo('input[name=consent]');
  await page.keyboard.press('Space');
  await tabTo('.sticky-action button');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/reports\/[\w-]{22}$/);
});
