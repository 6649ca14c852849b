// What was got wrong is put right: another grid, another category, an answer by telephone, a 回访.
import type { Browser, Page } from '@playwright/test';
import { acceptAndDispatch, closeCase, file, fill, inOwnBrowser, press, staffOf, unfold } from '../casework.ts';
import { expect, type Server, test } from '../server.ts';

test.use({ expectedComplaints: /status of (404|409|422)/ });

/** Files a report in `grid`; the desk of a worker who has it open. */
async function scene(page: Page, browser: Browser, server: Server, grid: string, scripts: boolean) {
  const staff = staffOf(server, grid);
  await fill(page, grid, '测试小区5号楼');
  const report = await file(page);
  const desk = await inOwnBrowser(browser, staff.worker, scripts);
  await desk.goto(`/console/reports/${report}`);
  return { ...staff, report, desk };
}

test('a case in the wrong grid moves on, with a reason that its reporter reads', async ({ page, browser, server, javaScriptEnabled }) => {
  const { report, desk } = await scene(page, browser, server, 'grid-02', javaScriptEnabled);
  const there = await inOwnBrowser(browser, staffOf(server, 'grid-04').worker, javaScriptEnabled);
  expect((await there.goto(`/console/reports/${report}`))!.status()).toBe(404);
  await press(desk, 'accept');
  let form = await unfold(desk, '更正', 'correct');
  await form.getByLabel('网格', { exact: true }).selectOption('grid-04');
  await press(desk, 'correct');
  form = desk.locator('#form-correct');
  await expect(form.getByText('换网格请写明为什么').first()).toBeVisible();
  await expect(form.getByLabel('网格', { exact: true })).toHaveValue('grid-04');
  await form.getByLabel(/原因/).fill('在路的另一边');
  await press(desk, 'correct');
  await there.goto(`/console/reports/${report}`);
  await expect(there.getByText(/更正了网格：/)).toBeVisible();
  await page.goto(`/reports/${report}`);
  await expect(page.getByText('在路的另一边')).toBeVisible();
});

test('praise that was accepted as a heap of rubbish is closed by a colleague', async ({ page, browser, server, javaScriptEnabled }) => {
  const { report, desk, checker } = await scene(page, browser, server, 'grid-06', javaScriptEnabled);
  await press(desk, 'accept');
  const form = await unfold(desk, '更正', 'correct');
  await form.getByLabel('分类').selectOption('praise');
  await press(desk, 'correct');
  await expect(desk.getByText(/不需要处理。通过后办结/)).toBeVisible();
  await expect(desk.locator('#form-check')).toHaveCount(0);
  const other = await inOwnBrowser(browser, checker, javaScriptEnabled);
  await other.goto(`/console/reports/${report}`);
  await other.locator('#form-check').getByLabel('通过').check();
  await press(other, 'check');
  await expect(other.getByText('已结案', { exact: true })).toBeVisible();
  await page.goto(`/reports/${report}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('已收到，谢谢您');
});

test('what is answered by telephone goes on', async ({ page, browser, server, javaScriptEnabled }) => {
  const { report, desk } = await scene(page, browser, server, 'grid-08', javaScriptEnabled);
  const ask = await unfold(desk, '请居民补充', 'ask');
  await ask.getByLabel('请居民补充什么').fill('是哪一层？');
  await press(desk, 'ask');
  await page.goto(`/reports/${report}`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('还没有收到，就按现有内容办理');
  await expect(desk.getByText('等答复到')).toBeVisible();
  await desk.getByLabel('居民在电话里或当面怎样说').fill('三楼');
  await press(desk, 'answer');
  await press(desk, 'accept');
  await expect(desk.locator('#form-dispatch')).toBeVisible();
  await page.goto(`/reports/${report}`);
  await expect(page.getByText('三楼', { exact: true })).toBeVisible();
});

test('not solved, said by telephone, opens the case again', async ({ page, browser, server, javaScriptEnabled }) => {
  const { report, desk, checker, lead } = await scene(page, browser, server, 'grid-10', javaScriptEnabled);
  await acceptAndDispatch(desk);
  await closeCase(desk, browser, checker, javaScriptEnabled);
  const calls = await inOwnBrowser(browser, lead, javaScriptEnabled);
  await calls.goto(`/console/reports/${report}`);
  const revisit = await unfold(calls, '回访', 'revisit');
  await revisit.getByLabel('没解决').check();
  await revisit.getByLabel('回访记录').fill('电话里说又堆上了');
  await press(calls, 'revisit');
  await expect(calls.getByText(/没解决（陈测试回访记下）/)).toBeVisible();
  await page.goto(`/reports/${report}`);
  await expect(page.getByText('社区回访时您说：没解决，已重新办理')).toBeVisible();
});
