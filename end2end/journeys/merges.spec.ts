// Two residents report one thing, and a third has met it: each of them follows it to its end.
import type { Browser, Page } from '@playwright/test';
import { acceptAndDispatch, closeCase, file, fill, inOwnBrowser, press, staffOf, unfold } from '../casework.ts';
import { expect, type Server, test } from '../server.ts';

test.use({ expectedComplaints: /status of (404|409|422)/ });

async function resident(browser: Browser, javaScriptEnabled: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled, locale: 'zh-CN' });
  return context.newPage();
}

/** Two accepted reports of two residents, the first of which is merged into the second. */
async function merged(page: Page, browser: Browser, server: Server, grid: string, scripts: boolean) {
  const staff = staffOf(server, grid);
  await fill(page, grid, '测试小区5号楼');
  await page.getByLabel('看到了什么').fill('门口有两袋装修垃圾');
  await page.getByText('留个联系方式（可不留）').click();
  await page.getByLabel('电话', { exact: true }).fill('13800000001');
  const first = await file(page);
  const other = await resident(browser, scripts);
  await fill(other, grid, '测试小区5号楼门口');
  const second = await file(other);
  const desk = await inOwnBrowser(browser, staff.worker, scripts);
  await desk.goto(`/console/reports/${second}`);
  const number = (await desk.locator('.badges strong').textContent())!;
  await acceptAndDispatch(desk);
  await desk.goto(`/console/reports/${first}`);
  await press(desk, 'accept');
  const form = await unfold(desk, '合并到另一件', 'duplicate');
  await form.getByLabel(/办件编号/).fill(number);
  await press(desk, 'duplicate');
  await desk.goto(`/console/reports/${second}`);
  return { ...staff, first, second, other, desk, number };
}

test('what came with the merged report is at hand, and its reporter goes on', async ({ page, browser, server, javaScriptEnabled }) => {
  const { first, second, desk, checker, number } = await merged(page, browser, server, 'grid-12', javaScriptEnabled);
  const list = desk.locator('.merged');
  await expect(list.getByText('门口有两袋装修垃圾')).toBeVisible();
  await expect(desk.getByText(/并入本件/)).toBeVisible();
  await page.goto(`/reports/${first}`);
  await page.getByText('补充文字或照片').click();
  await page.getByLabel('补充说明').fill('又多了一袋');
  await page.getByRole('button', { name: '提交补充' }).click();
  await expect(page.getByText('又多了一袋')).toBeVisible();
  await desk.goto(`/console/reports/${second}`);
  await expect(list.getByText('又多了一袋')).toBeVisible();
  await list.getByRole('button', { name: /的联系方式/ }).click();
  await expect(desk.getByRole('link', { name: /拨打/ })).toHaveAttribute('href', 'tel:13800000001');
  await desk.goto(`/console/reports/${second}`);
  await closeCase(desk, browser, checker, javaScriptEnabled);
  await page.goto(`/reports/${first}`);
  await expect(page.getByText('合并后的进展：已办结')).toBeVisible();
  await page.getByRole('button', { name: '没解决' }).click();
  await expect(page.getByText(/合并后的进展：.*重新办理/)).toBeVisible();
  await expect(page.getByText(`合并到${number}办理`)).toBeVisible();
});

test('a report goes on when the one it was merged into is not accepted', async ({ page, browser, server, javaScriptEnabled }) => {
  const staff = staffOf(server, 'grid-14');
  await fill(page, 'grid-14', '测试小区7号楼');
  const first = await file(page);
  const other = await resident(browser, javaScriptEnabled);
  await fill(other, 'grid-14', '别的小区');
  const second = await file(other);
  const desk = await inOwnBrowser(browser, staff.worker, javaScriptEnabled);
  await desk.goto(`/console/reports/${second}`);
  const number = (await desk.locator('.badges strong').textContent())!;
  await desk.goto(`/console/reports/${first}`);
  const form = await unfold(desk, '合并到另一件', 'duplicate');
  await form.getByLabel(/办件编号/).fill(number);
  await press(desk, 'duplicate');
  await desk.goto(`/console/reports/${second}`);
  const reject = await unfold(desk, '不予受理', 'reject');
  await reject.getByLabel(/原因/).fill('不在本街道');
  await press(desk, 'reject');
  await desk.goto(`/console/reports/${first}`);
  await press(desk, 'accept');
  await expect(desk.locator('#form-dispatch')).toBeVisible();
  await page.goto(`/reports/${first}`);
  await expect(page.getByText('合并到的那一件未能受理，这一件继续办理')).toBeVisible();
});

test('who has met the same says that it is not solved', async ({ page, browser, server, javaScriptEnabled }) => {
  const staff = staffOf(server, 'grid-16');
  await fill(page, 'grid-16', '测试小区9号楼');
  const report = await file(page);
  const desk = await inOwnBrowser(browser, staff.worker, javaScriptEnabled);
  await desk.goto(`/console/reports/${report}`);
  await acceptAndDispatch(desk);
  const neighbour = await resident(browser, javaScriptEnabled);
  await neighbour.goto('/');
  await neighbour.goto(`/reports/${report}`);
  await neighbour.getByRole('button', { name: '我也遇到过' }).click();
  await expect(neighbour.getByText('您也遇到过')).toBeVisible();
  await desk.goto(`/console/reports/${report}`);
  await closeCase(desk, browser, staff.checker, javaScriptEnabled);
  await neighbour.goto(`/reports/${report}`);
  await expect(neighbour.getByText(/有3位也遇到过的居民/)).toBeVisible();
  await neighbour.getByRole('button', { name: '没解决' }).click();
  await expect(neighbour.getByText(/您说：没解决。有3位/)).toBeVisible();
  await expect(neighbour.getByRole('button', { name: '没解决' })).toHaveCount(0);
});
