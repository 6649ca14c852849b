// A burst of reports from one network: a lead looks at it, admits one and dismisses the rest.
import { file, fill, inOwnBrowser, press, staffOf } from '../casework.ts';
import { expect, test } from '../server.ts';

/** Reports of one network in a quarter of an hour, until more seem to be a burst. */
const FREE = 30;

test('a burst waits for a lead, who admits one and dismisses the rest', async ({ browser, page, startServer, javaScriptEnabled }) => {
  const server = await startServer({ CHUANGQUAN_LIMITS: 'on' });
  const { lead } = staffOf(server, 'grid-05');
  for (let n = 0; n < FREE + 3; n += 1) {
    const context = await browser.newContext({ baseURL: server.url });
    await context.request.get('/');
    const form = { category: 'corridor', description: `楼道里有纸箱${n}`, place: '测试小区', grid: 'grid-05', consent: 'on' };
    const filed = await context.request.post('/report', { multipart: form });
    expect(filed.url()).toMatch(/\/reports\//);
    await context.close();
  }
  // A resident of the same network does not see that theirs waits as well.
  await page.goto(server.url);
  await fill(page, 'grid-05', '测试小区5号楼', server.url);
  await file(page);
  await expect(page.getByRole('heading', { name: /^已提交，待受理/ })).toBeVisible();

  const desk = await inOwnBrowser(browser, lead, javaScriptEnabled ?? true, server.url);
  await desk.getByRole('link', { name: '待甄别 4 件' }).click();
  await expect(desk.getByRole('heading', { name: '同一网络 4 件反映' })).toBeVisible();
  await desk.getByRole('listitem').filter({ hasText: '楼道里有纸箱30' }).getByRole('link').last().click();
  await expect(desk.getByText('待甄别').first()).toBeVisible();
  await press(desk, 'admit');
  await expect(desk.getByText('待受理').first()).toBeVisible();

  await desk.goto(`${server.url}/console/quarantine`);
  await desk.getByRole('button', { name: '剔除这3件' }).click();
  await expect(desk.getByText('没有待甄别的。')).toBeVisible();

  await page.reload();
  await expect(page.getByRole('heading', { name: '未能受理' })).toBeVisible();
  await expect(page.getByText('没有受理。如果您确实看到了问题').first()).toBeVisible();
  await desk.context().close();
});
