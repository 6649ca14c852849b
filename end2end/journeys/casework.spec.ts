// Casework besides the main path: 退单, 延期, 督办, 现场办结, batch 核查, bulk actions.
import { acceptAndDispatch, choose, file, fill, inOwnBrowser, press, staffOf, unfold } from '../casework.ts';
import { expect, test } from '../server.ts';

test('退单 brings it back, 延期 is asked for and approved, 督办 presses', async ({
  page, browser, server, javaScriptEnabled,
}) => {
  test.setTimeout(120_000);
  const { worker, lead } = staffOf(server, 'grid-11');
  await fill(page, 'grid-11', '退单小区');
  const report = await file(page);
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  const at = `/console/reports/${report}`;
  await desk.goto(at);
  await acceptAndDispatch(desk);

  const returned = await unfold(desk, '退单', 'return');
  await returned.getByLabel('原因').fill('不是物业的范围');
  await returned.getByRole('button', { name: '退单' }).click();
  await expect(desk.getByText('已立案', { exact: true })).toBeVisible();
  await expect(desk.getByText('不是物业的范围')).toBeVisible();
  await page.reload();
  await expect(page.getByText('不是物业的范围'), 'is said among colleagues').toHaveCount(0);
  await desk.locator('#form-dispatch').getByLabel('承办单位').selectOption('sanitation');
  await press(desk, 'dispatch');
  await press(desk, 'start');

  const asked = await unfold(desk, '申请延期', 'extend');
  await asked.getByLabel('延长几个工作日').fill('0');
  await asked.getByLabel('原因').fill('要等清运车');
  await asked.getByRole('button', { name: '申请延期' }).click();
  await expect(asked.getByText(/1到30/).first(), 'a refused form comes back as it was typed').toBeVisible();
  await expect(asked.getByLabel('原因')).toHaveValue('要等清运车');
  await asked.getByLabel('延长几个工作日').fill('5');
  await asked.getByRole('button', { name: '申请延期' }).click();
  await expect(desk.getByText('延期待批')).toBeVisible();
  await expect(desk.locator('#form-approve_extension'), 'a worker cannot approve').toHaveCount(0);

  const boss = await inOwnBrowser(browser, lead, javaScriptEnabled);
  await boss.goto(at);
  const before = await boss.getByText(/还剩\d+个工作日/).innerText();
  await boss.locator('#form-approve_extension').getByLabel('同意', { exact: true }).check();
  await boss.getByRole('button', { name: '审批延期' }).click();
  await expect(boss.getByText('延期待批')).toHaveCount(0);
  expect(await boss.getByText(/还剩\d+个工作日/).innerText()).not.toBe(before);
  const pressed = await unfold(boss, '督办', 'supervise');
  await pressed.getByLabel('督办意见').fill('请本周办完');
  await pressed.getByRole('button', { name: '督办' }).click();
  await expect(boss.locator('.badge', { hasText: '督办' })).toBeVisible();
  await page.reload();
  await expect(page.getByText('同意延期5个工作日')).toBeVisible();
  await expect(page.getByText('请本周办完')).toHaveCount(0);
});

test.describe('in the street', () => {
  test.use({ expectedComplaints: /status of 422/ });

  test('现场办结: found, photographed, fixed, photographed, checked in a batch', async ({
    browser, server, javaScriptEnabled,
  }) => {
    test.setTimeout(120_000);
    const { worker, checker } = staffOf(server, 'grid-12');
    const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
    await desk.goto('/console/new?settle=1');
    await desk.getByLabel('分类').selectOption('litter');
    await expect(desk.getByLabel('网格'), 'the only grid is chosen').toHaveValue('grid-12');
    await desk.getByLabel('在哪里').fill('街角花坛');
    await desk.getByLabel('是什么情况').fill('有一袋垃圾');
    await desk.getByLabel('怎样处理的').fill('已捡走');
    await choose(desk.locator('#field-before'), 'before', javaScriptEnabled);
    await desk.getByRole('button', { name: '办结，提交核查' }).click();
    await expect(desk.getByRole('alert')).toContainText('请拍一张处理后的照片');
    await expect(desk.getByLabel('在哪里')).toHaveValue('街角花坛');
    await expect(desk.locator('#field-before').getByAltText('已选的照片1')).toBeVisible();
    await choose(desk.locator('#field-photos'), 'photos', javaScriptEnabled);
    await desk.getByRole('button', { name: '办结，提交核查' }).click();
    await expect(desk.getByText('待核查', { exact: true })).toBeVisible();
    await expect(desk.getByAltText('处理前的照片')).toBeVisible();
    await expect(desk.getByAltText('处理后的照片')).toBeVisible();
    await desk.goto('/console/check');
    await expect(desk.getByText('您经办的，请同事核查')).toBeVisible();

    const other = await inOwnBrowser(browser, checker, javaScriptEnabled);
    await other.goto('/console/check');
    await expect(other.getByAltText('处理后的照片')).toBeVisible();
    await other.getByLabel(/街角花坛/).check();
    await other.getByRole('button', { name: '所选通过' }).click();
    await expect(other.getByText('没有等待核查的件')).toBeVisible();
    await other.goto('/console?state=closed');
    await expect(other.getByRole('link', { name: /街角花坛/ })).toBeVisible();
  });
});

test('accepts and dispatches what is ticked, finds by number, and keeps the search', async ({
  page, browser, server, javaScriptEnabled,
}) => {
  const { worker } = staffOf(server, 'grid-13');
  for (const place of ['批量一号', '批量二号']) {
    await fill(page, 'grid-13', place);
    await file(page);
  }
  const number = await page.getByText(/\d{4}-\d{5}-\d/).innerText();
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  await desk.getByLabel('文字、编号或电话').fill('批量');
  await desk.getByRole('button', { name: '查找' }).click();
  await expect(desk).toHaveURL(/q=/);
  for (const box of await desk.getByLabel(/^选中/).all()) await box.check();
  await desk.getByText('批量办理所选').click();
  await desk.getByRole('button', { name: '受理所选', exact: true }).click();
  await expect(desk, 'back to the same search').toHaveURL(/q=/);
  await expect(desk.locator('.queue__row').getByText('已立案')).toHaveCount(2);
  await desk.getByLabel('文字、编号或电话').fill(number.match(/\d{4}-\d{5}-\d/)![0]);
  await desk.getByRole('button', { name: '查找' }).click();
  await expect(desk.locator('.queue__row')).toHaveCount(1);
  await expect(desk.getByText('批量二号')).toBeVisible();
  await page.goto('/reports');
  await expect(page.getByRole('link', { name: /第13网格楼道堆物/ }).first()).toBeVisible();
});

test('after a deed the next case of the list comes, and after the last one the list', async ({
  page, browser, server, javaScriptEnabled,
}) => {
  const { worker } = staffOf(server, 'grid-18');
  for (const place of ['连续一号', '连续二号']) {
    await fill(page, 'grid-18', place);
    await file(page);
  }
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  await desk.goto('/console?grid=grid-18&state=submitted&sort=old');
  await desk.getByRole('link', { name: /连续一号/ }).click();
  await expect(desk.getByRole('heading', { name: '连续一号' })).toBeVisible();
  await desk.locator('#form-accept').getByRole('button', { name: '提交，看下一件' }).click();
  await expect(desk.getByRole('heading', { name: '连续二号' })).toBeVisible();
  await desk.locator('#form-accept').getByRole('button', { name: '提交，看下一件' }).click();
  await expect(desk).toHaveURL(/\/console\?.*state=submitted/);
  await expect(desk.getByText('没有符合条件的件。')).toBeVisible();
});

test('a neighbour finds the same report and supports it', async ({ page, browser, server, javaScriptEnabled }) => {
  const { worker } = staffOf(server, 'grid-14');
  await fill(page, 'grid-14', '支持小区门口');
  const report = await file(page);
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  await desk.goto(`/console/reports/${report}`);
  await desk.getByLabel(/公开摘要（写小区/).fill('支持小区楼道堆物');
  await press(desk, 'accept');
  await expect(desk.getByText('已立案', { exact: true })).toBeVisible();

  const neighbour = await (await browser.newContext({ javaScriptEnabled, locale: 'zh-CN' })).newPage();
  await fill(neighbour, 'grid-14', '支持小区');
  if (!javaScriptEnabled) await neighbour.getByRole('button', { name: '先看看有没有人反映过' }).click();
  await expect(neighbour.getByRole('link', { name: '支持小区楼道堆物' })).toBeVisible();
  await expect(neighbour.getByLabel('看到了什么')).toHaveValue('三楼王测试家门口堆了旧家具');
  await neighbour.getByRole('button', { name: '我也遇到过' }).click();
  await expect(neighbour).toHaveURL(new RegExp(`/reports/${report}$`));
  await expect(neighbour.getByText('您也遇到过')).toBeVisible();
  await neighbour.goto('/me');
  await expect(neighbour.getByRole('link', { name: /支持小区楼道堆物/ })).toBeVisible();
});
