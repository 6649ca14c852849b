// 签名核查: signatures by a script are held; a manager previews, decides, and undoes the decision.
import { expect, logIn, type Server, signatures, test } from '../server.ts';

/** Signs like a script: without reading time, as fast as possible; returns how many were accepted. */
async function script(server: Server, n: number): Promise<number> {
  let taken = 0;
  for (let i = 0; i < n; i += 1) {
    const page = await fetch(`${server.url}/sign`);
    const cookie = page.headers.getSetCookie()[0]!.split(';')[0]!;
    const body = new URLSearchParams([['name', `王测${'甲乙丙丁戊'[i % 5]}${'子丑寅卯辰'[Math.floor(i / 5) % 5]}`], ['pledges', 'home'], ['consent', 'on']]);
    const answer = await fetch(`${server.url}/sign`, { method: 'POST', headers: { cookie }, body, redirect: 'manual' });
    if (answer.headers.get('location') === '/signed') taken += 1;
  }
  return taken;
}

test.use({ expectedComplaints: /status of 4(03|22)/ });

test('a manager decides about what a script signed, and takes it back', async ({ page, startServer }) => {
  const server = await startServer({ CHUANGQUAN_LIMITS: 'on' });
  server.addStaff('manager', '王测试', 'manager');
  expect(await script(server, 25), 'it is told nothing').toBe(25);
  expect(await signatures(server)).toBe(15);
  await logIn(page, 'manager', server.url);
  await page.getByRole('link', { name: '签名', exact: true }).click();
  await expect(page.getByText('提交过快 · 10个')).toBeVisible();
  // Dismissing is previewed; letting them count is one press, since it can be taken back.
  await page.getByRole('link', { name: '作废…' }).click();
  const preview = page.getByRole('region', { name: '作废存疑签名：会涉及10个' });
  await expect(preview).toContainText('王**');
  expect(await signatures(server), 'to look changes nothing').toBe(15);
  await preview.getByRole('link', { name: '不办' }).click();
  await page.getByRole('button', { name: '放行这10个' }).click();
  await expect(async () => {
    expect(await signatures(server)).toBe(25);
    await page.goto(`${server.url}/console/signatures`);
    await expect(page.getByText('放行存疑签名 · 10个 · 已办')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.getByText('没有存疑的签名。')).toBeVisible();
  await page.getByRole('button', { name: /^撤销/ }).click();
  await expect(async () => expect(await signatures(server)).toBe(15)).toPass();

  // Invalidating all valid signatures at once is refused; the filter is kept.
  await page.goto(`${server.url}/console/signatures?verdict=invalidate`);
  await page.getByRole('button', { name: '确定，作废有效签名' }).click();
  await expect(page.getByText('不能一次作废全部有效签名')).toBeVisible();
  await expect(page.getByLabel('要做什么')).toHaveValue('invalidate');
  expect(await signatures(server)).toBe(15);

  // 停用 a rule: signatures that it held count.
  await page.goto(`${server.url}/console/signatures`);
  await page.getByRole('button', { name: '停用并放行：提交过快' }).click();
  await expect(async () => expect(await signatures(server)).toBe(25)).toPass();
  await expect(page.getByRole('button', { name: '启用：提交过快' })).toBeVisible();
});

test('only managers judge', async ({ page, server }) => {
  server.addStaff('lead-judge', '李测试', 'branch-lead', '--branch', 'residential');
  await logIn(page, 'lead-judge');
  await expect(page.getByRole('link', { name: '签名', exact: true })).toHaveCount(0);
  expect((await page.goto('/console/signatures'))!.status()).toBe(403);
});
