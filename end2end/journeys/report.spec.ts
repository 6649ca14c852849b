// A report from filing to rating: the resident files it, staff of the grid handle it, the resident
// rates the result.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { choose, code, fill, inOwnBrowser, press, staffOf } from '../casework.ts';
import { photo, secret } from '../photo.ts';
import { expect, test } from '../server.ts';

function everyFileBelow(folder: string): Buffer[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files.filter((f) => f.isFile()).map((f) => readFileSync(path.join(f.parentPath, f.name)));
}

test('reports with a photo, is answered, says 没解决, and is answered again', async ({
  page, browser, server, javaScriptEnabled,
}) => {
  test.setTimeout(90_000);
  const grid = javaScriptEnabled ? 'grid-21' : 'grid-22';
  const { worker, checker } = staffOf(server, grid);

  await fill(page, grid, '测试小区3号楼');
  await page.locator('input[name=photos]').setInputFiles(photo('IMG_1.jpg', 6));
  if (javaScriptEnabled) await expect(page.getByAltText('已选的照片1')).toBeVisible();
  await page.getByText('留个联系方式').click();
  await page.getByLabel('怎么称呼您').fill('赵测试');
  await page.getByLabel('电话', { exact: true }).fill('138 0000 0000');
  await page.getByRole('button', { name: '提交', exact: true }).click();
  await expect(page).toHaveURL(/\/reports\/[\w-]{22}$/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('已提交，待受理');
  const status = page.url();
  const report = code(page);
  await expect(page.getByText(/\d{4}-\d{5}-\d/)).toBeVisible();

  // EXIF (position, camera) is not stored anywhere; the photo is turned upright.
  for (const bytes of everyFileBelow(server.folder)) expect(bytes.includes(secret)).toBe(false);
  const picture = page.getByAltText('处理前的照片');
  const shape = await picture.evaluate((img) => [img.getAttribute('width'), img.getAttribute('height')]);
  expect(shape, 'a photo held sideways is turned').toEqual(['48', '96']);

  // Not public yet.
  const stranger = await (await browser.newContext()).newPage();
  expect((await stranger.goto(status))!.status()).toBe(404);

  // The worker accepts it, with a summary without personal data.
  const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
  await desk.getByRole('link', { name: /测试小区3号楼/ }).first().click();
  await expect(desk).toHaveURL(/\/console\/reports\//);
  await expect(desk.getByText('三楼王测试家门口堆了旧家具')).toBeVisible();
  await expect(desk.getByText('13800000000')).toHaveCount(0);
  await desk.getByRole('button', { name: /查看联系方式/ }).click();
  await expect(desk.getByText('13800000000')).toBeVisible();
  await desk.goto(`/console/reports/${report}`);
  await desk.getByLabel(/公开摘要（写小区/).fill('测试小区楼道堆物');
  await desk.getByLabel('公开第1张').check();
  await press(desk, 'accept');
  await expect(desk.getByText('已立案')).toBeVisible();
  await press(desk, 'dispatch');
  await expect(desk.getByText('已派单', { exact: true })).toBeVisible();

  // The summary is public; the resident's own text is not.
  expect((await stranger.goto(status))!.status()).toBe(200);
  await expect(stranger.getByText('测试小区楼道堆物')).toBeVisible();
  const html = await stranger.content();
  for (const own of ['三楼王测试', '3号楼', '赵测试', '13800000000']) expect(html).not.toContain(own);
  await expect(stranger.getByAltText('处理前的照片')).toBeVisible();
  await stranger.getByRole('button', { name: '我也遇到过' }).click();
  await expect(stranger.getByText('您也遇到过')).toBeVisible();

  await press(desk, 'start');
  const handled = desk.locator('#form-finish');
  await handled.getByLabel('怎样处理的').fill('旧家具已清走');
  await choose(handled, 'photos', javaScriptEnabled);
  await handled.getByRole('button', { name: '提交核查' }).click();
  await expect(desk.getByText('待核查', { exact: true })).toBeVisible();
  await expect(desk.locator('#form-check'), 'nobody checks their own work').toHaveCount(0);

  const other = await inOwnBrowser(browser, checker, javaScriptEnabled);
  const check = async () => {
    await other.goto(`/console/reports/${report}`);
    await other.locator('#form-check').getByLabel('通过').check();
    await other.locator('#form-check').getByRole('button', { name: '核查' }).click();
    await expect(other.getByText('已结案', { exact: true })).toBeVisible();
  };
  await check();

  // The resident is not satisfied: the report is reopened as 重办.
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('已办结');
  await expect(page.getByAltText('处理后的照片')).toBeVisible();
  await page.getByRole('button', { name: '没解决' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('重新办理');
  await desk.goto('/console?again=1');
  await expect(desk.getByText('重办', { exact: true }).last()).toBeVisible();
  await desk.getByRole('link', { name: /测试小区3号楼/ }).click();
  await press(desk, 'start');
  await handled.getByLabel('怎样处理的').fill('又清了一次');
  await choose(handled, 'photos', javaScriptEnabled);
  await handled.getByRole('button', { name: '提交核查' }).click();
  await expect(desk.getByText('待核查', { exact: true })).toBeVisible();
  await check();

  await page.reload();
  await page.getByRole('button', { name: '已解决' }).click();
  await page.getByRole('button', { name: '满意', exact: true }).click();
  await expect(page.getByText('您说：已解决，满意')).toBeVisible();
  await page.goto('/me');
  await expect(page.getByRole('link', { name: /测试小区楼道堆物/ })).toContainText('已办结');
  await stranger.goto('/me');
  await expect(stranger.getByRole('link', { name: /测试小区楼道堆物/ })).toContainText('已办结');
});

test.describe('bad input', () => {
  test.use({ expectedComplaints: /status of 4/ });

  test('a refused form keeps its words and its photos', async ({ page, javaScriptEnabled }) => {
    await fill(page, 'grid-23', '测试小区');
    await page.getByLabel('看到了什么').fill('');
    await page.locator('input[name=photos]').setInputFiles(photo());
    if (javaScriptEnabled) await expect(page.getByAltText('已选的照片1')).toBeVisible();
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page.locator('#error-description')).toBeVisible();
    await expect(page.getByLabel('在哪里')).toHaveValue('测试小区');
    await expect(page.getByLabel('楼道堆物')).toBeChecked();
    await expect(page.getByAltText('已选的照片1')).toBeVisible();
    await page.getByLabel('看到了什么').fill('堆物');
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page).toHaveURL(/\/reports\//);
    await expect(page.getByAltText('处理前的照片')).toBeVisible();
  });

  test('what is no photo is refused with a sentence', async ({ page, javaScriptEnabled }) => {
    await fill(page, 'grid-23', '测试小区');
    await page.locator('input[name=photos]').setInputFiles({
      name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    });
    if (!javaScriptEnabled) await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page.getByText(/不是能用的照片/).first()).toBeVisible();
    await expect(page.getByLabel('看到了什么')).toHaveValue('三楼王测试家门口堆了旧家具');
  });

  test('a worker of another grid sees neither it nor the contact', async ({
    page, browser, server, javaScriptEnabled,
  }) => {
    const { worker } = staffOf(server, 'grid-25');
    await fill(page, 'grid-24', '别的小区');
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page).toHaveURL(/\/reports\//);
    const desk = await inOwnBrowser(browser, worker, javaScriptEnabled);
    await expect(desk.getByText('别的小区')).toHaveCount(0);
    expect((await desk.goto(`/console/reports/${code(page)}`))!.status()).toBe(404);
  });

  test('two workers at once: one is told what changed', async ({ page, browser, server, javaScriptEnabled }) => {
    const { worker, checker } = staffOf(server, 'grid-26');
    await fill(page, 'grid-26', '两人同办');
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await expect(page).toHaveURL(/\/reports\//);
    const at = `/console/reports/${code(page)}`;
    const first = await inOwnBrowser(browser, worker, javaScriptEnabled);
    const second = await inOwnBrowser(browser, checker, javaScriptEnabled);
    await first.goto(at);
    await second.goto(at);
    await press(first, 'accept');
    await expect(first.getByText('已立案')).toBeVisible();
    await second.locator('summary', { hasText: '内部备注' }).click();
    await second.locator('#form-note').getByLabel(/备注/).fill('我去看看');
    await second.getByRole('button', { name: '内部备注' }).click();
    await expect(second.getByText(/王测试已受理/)).toBeVisible();
    await expect(second.locator('#form-note').getByLabel(/备注/)).toHaveValue('我去看看');
    await second.getByRole('button', { name: '内部备注' }).click();
    await expect(second.getByText('我去看看')).toBeVisible();
  });
});

test('the door of the console leads back to where one wanted to be', async ({ page, server }) => {
  const { worker } = staffOf(server, 'grid-27');
  await page.goto('/console?state=all');
  await expect(page).toHaveURL(/\/console\/login\?next=/);
  await page.getByLabel('登录名').fill(worker);
  await page.getByLabel('密码').fill('correct horse battery');
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page).toHaveURL(/\/console\?state=all$/);
  await page.goto('/console/account');
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.goto('/console');
  await expect(page).toHaveURL(/\/console\/login/);
});
