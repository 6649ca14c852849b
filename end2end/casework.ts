// Helpers for casework journeys: staff of a grid, their browsers, a report.
import type { Browser, Locator, Page } from '@playwright/test';
import { photo } from './photo.ts';
import { expect, logIn, type Server } from './server.ts';

let next = 0;

/** A worker, a checker and a lead for one test. */
export function staffOf(server: Server, grid: string): Record<'worker' | 'checker' | 'lead', string> {
  next += 1;
  const name = (role: string): string => `${role}-${grid}-${next}`;
  const [worker, checker, lead] = [name('worker'), name('checker'), name('lead')];
  server.addStaff(worker, '王测试', 'grid-worker', '--grid', grid);
  server.addStaff(checker, '李测试', 'grid-worker', '--grid', grid);
  server.addStaff(lead, '陈测试', 'branch-lead', '--branch', 'residential');
  return { worker, checker, lead };
}

export async function inOwnBrowser(browser: Browser, login: string, javaScriptEnabled: boolean, url = ''): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled, locale: 'zh-CN' });
  const page = await context.newPage();
  await logIn(page, login, url);
  return page;
}

export async function fill(page: Page, grid: string, place: string, url = ''): Promise<void> {
  await page.goto(`${url}/report`);
  await page.getByLabel('楼道堆物').check();
  await page.getByLabel('在哪里').fill(place);
  await page.getByRole('combobox', { name: '小区或附近路段' }).selectOption(grid);
  await page.getByLabel('看到了什么').fill('三楼王测试家门口堆了旧家具');
  await page.getByLabel(/我已阅读并同意/).check();
}

export const code = (page: Page): string => page.url().split('/reports/')[1]!;

/** Chooses a photo for a file field; with scripts it is uploaded at once. Before and after
 *  photos differ: identical ones would be refused. */
export async function choose(form: Locator, field: string, scripts: boolean): Promise<void> {
  const tiles = form.getByAltText(/^已选的照片/);
  const before = await tiles.count();
  await form.locator(`input[name=${field}][type=file]`).setInputFiles(field === 'photos' ? photo('AFTER.jpg', 3) : photo());
  if (scripts) await expect(tiles).toHaveCount(before + 1);
}

/** Submits the report form that is filled in; returns the code. */
export async function file(page: Page): Promise<string> {
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await page.waitForURL(/\/reports\/[\w-]{22}$/);
  return code(page);
}

/** Submits an action whose form has no fields but its button. */
export async function press(desk: Page, action: string): Promise<void> {
  await desk.locator(`#form-${action} > button:not([name=then])`).click();
}

/** Accepts and dispatches the report on the open page. */
export async function acceptAndDispatch(desk: Page): Promise<void> {
  await press(desk, 'accept');
  await press(desk, 'dispatch');
  await desk.locator('#form-start').waitFor();
}

/** Opens a collapsed action; returns its form. */
export async function unfold(desk: Page, title: string, action: string) {
  await desk.locator('summary', { hasText: new RegExp(`^${title}$`) }).click();
  return desk.locator(`#form-${action}`);
}

/** Finishes what was given to a unit, on the open page; a colleague checks it. */
export async function closeCase(desk: Page, browser: Browser, checker: string, scripts: boolean): Promise<void> {
  await press(desk, 'start');
  const finish = desk.locator('#form-finish');
  await finish.getByLabel('怎样处理的').fill('已清走');
  await choose(finish, 'photos', scripts);
  await press(desk, 'finish');
  const other = await inOwnBrowser(browser, checker, scripts);
  await other.goto(desk.url());
  await other.locator('#form-check').getByLabel('通过').check();
  await press(other, 'check');
  await expect(other.getByText('已结案', { exact: true })).toBeVisible();
}

/** A public report with photos before and after, filed and completed: one that `/` shows. */
export async function complete(page: Page, browser: Browser, server: Server, grid: string): Promise<void> {
  const { worker, checker } = staffOf(server, grid);
  await fill(page, grid, '测试小区3号楼');
  await page.locator('input[name=photos]').setInputFiles(photo('IMG_1.jpg', 6));
  await expect(page.getByAltText('已选的照片1')).toBeVisible();
  const report = await file(page);
  const desk = await inOwnBrowser(browser, worker, true);
  await desk.goto(`/console/reports/${report}`);
  await desk.getByLabel(/公开摘要（写小区/).fill('测试小区楼道堆物');
  await desk.getByLabel('公开第1张').check();
  await acceptAndDispatch(desk);
  await press(desk, 'start');
  const finish = desk.locator('#form-finish');
  await finish.getByLabel('怎样处理的').fill('旧家具已清走');
  await choose(finish, 'photos', true);
  await finish.getByRole('button', { name: '提交核查' }).click();
  const other = await inOwnBrowser(browser, checker, true);
  await other.goto(`/console/reports/${report}`);
  const check = other.locator('#form-check');
  await check.getByLabel('通过').check();
  for (const shown of await check.getByLabel(/公开第/).all()) await shown.check();
  await check.getByRole('button', { name: '核查' }).click();
  await expect(other.getByText('已结案', { exact: true })).toBeVisible();
}
