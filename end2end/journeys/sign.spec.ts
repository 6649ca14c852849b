// A resident signs, withdraws, and passes the phone to the next person.
import { expect, sign, signatures, test } from '../server.ts';

test('reads the 倡议 and signs it', async ({ page, server }) => {
  const before = await signatures(server);
  await page.goto('/');
  await expect(page).toHaveTitle('创全');
  await expect(page.getByText('小节之处显大德，细节之中见文明')).toBeVisible();
  await page.getByRole('link', { name: '我要签名' }).click();
  await expect(page.getByLabel('美丽家园齐创建', { exact: true })).not.toBeChecked();
  await sign(page, '王测试', ['美丽家园齐创建', '邻里和睦传美德']);

  await expect(page).toHaveURL(/\/signed$/);
  await expect(page.getByRole('heading', { name: /^第 [\d,]+ 位$/ })).toBeVisible();
  await expect(page.getByText('王测试')).toBeVisible();
  await expect(page.getByText('邻里和睦传美德')).toBeVisible();
  expect(await signatures(server)).toBeGreaterThan(before);

  await page.goto('/');
  await expect(page.getByRole('link', { name: '我的承诺卡' })).toBeVisible();
  await page.goto('/sign');
  await expect(page, 'who has signed sees the signature').toHaveURL(/\/signed$/);
});

test('what comes along with a pasted name is not kept', async ({ page }) => {
  await page.goto('/sign');
  await sign(page, '\uFEFF王\u200B测试\u202C');
  await expect(page).toHaveURL(/\/signed$/);
  await page.goto('/me/data');
  const text = await page.locator('main').innerText();
  expect(text).toContain('王测试');
});

test.describe('bad input', () => {
  test.use({ expectedComplaints: /status of 422/ });

  const fortyOne = '王'.repeat(41);
  for (const [what, name, sentence] of [
    ['an empty name', '', '请填写您的姓名'],
    ['a blank name', ' \u3000 ', '请填写您的姓名'],
    ['41 characters', fortyOne, '姓名最多40个字，现在有41个，请删去1个'],
    ['a formula', '=王测试', '姓名不能以'],
    ['a link', '加我 abc.com', '不能有网址'],
  ] as const) {
    test(`${what} is refused beside the field, and nothing is lost`, async ({ page, server }) => {
      await page.goto('/sign');
      const before = await signatures(server);
      await page.getByText('写一句寄语').click();
      await page.getByLabel('寄语', { exact: true }).fill('加油');
      await sign(page, name);
      await expect(page).toHaveURL(/\/sign$/);
      const field = page.getByLabel('您的姓名');
      await expect(field).toHaveAttribute('aria-invalid', 'true');
      await expect(page.locator('#error-name')).toContainText(sentence);
      await expect(page.getByRole('alert')).toContainText(sentence);
      await expect(field).toHaveValue(name);
      await expect(page.getByLabel('美丽家园齐创建', { exact: true })).toBeChecked();
      await expect(page.getByLabel('寄语', { exact: true })).toHaveValue('加油');
      await expect(page.getByLabel(/我已阅读并同意/)).toBeChecked();
      expect(await signatures(server)).toBe(before);

      await field.fill('王测试');
      await page.getByRole('button', { name: '签名', exact: true }).click();
      await expect(page).toHaveURL(/\/signed$/);
      await expect(page.getByText('“加油”')).toBeVisible();
    });
  }

  test('no pledge, no consent and a long message are told at once', async ({ page }) => {
    await page.goto('/sign');
    await page.getByLabel('您的姓名').fill('王测试');
    await page.getByText('写一句寄语').click();
    await page.getByLabel('寄语', { exact: true }).fill('好'.repeat(61));
    await page.getByRole('button', { name: '签名', exact: true }).click();
    await expect(page.locator('#error-pledges')).toHaveText('请至少选择一项承诺');
    await expect(page.locator('#error-consent')).toHaveText('请先阅读并同意个人信息说明');
    await expect(page.locator('#error-message')).toContainText('寄语最多60个字');
    await expect(page.locator('#error-name')).toBeHidden();
    await expect(page.getByRole('alert').getByRole('link')).toHaveCount(3);
    await page.getByRole('link', { name: '请至少选择一项承诺' }).click();
    await expect(page.getByLabel('美丽家园齐创建', { exact: true })).toBeFocused();
  });

  test('a browser without a cookie keeps its text and signs at the second press', async ({ page, context, server }) => {
    await page.goto('/sign');
    await context.clearCookies();
    const before = await signatures(server);
    await sign(page, '王测试');
    await expect(page.getByRole('alert')).toContainText('请再按一次“签名”');
    expect(await signatures(server)).toBe(before);
    await expect(page.getByLabel('您的姓名')).toHaveValue('王测试');
    await page.getByRole('button', { name: '签名', exact: true }).click();
    await expect(page).toHaveURL(/\/signed$/);
  });
});

test('takes the signature back, and may sign again with a new number', async ({ page }) => {
  const number = async () => page.getByRole('heading', { name: /^第/ }).innerText();
  await page.goto('/sign');
  await sign(page, '王测试');
  const first = await number();
  await page.goto('/me');
  await expect(page.getByText('王测试')).toBeVisible();
  await page.getByText('撤回签名').click();
  await page.getByRole('button', { name: '确认撤回' }).click();
  await expect(page).toHaveURL(/\/me$/);
  await expect(page.getByText('您还没有在这台手机上签名')).toBeVisible();
  await expect(page.getByText('王测试')).toHaveCount(0);

  await page.getByRole('link', { name: '我要签名' }).click();
  await sign(page, '王测试');
  await expect(page).toHaveURL(/\/signed$/);
  expect(await number()).not.toBe(first);
});

test('hands the phone to the next person', async ({ page, server }) => {
  await page.goto('/sign');
  await sign(page, '王测试');
  await expect(page).toHaveURL(/\/signed$/);
  const before = await signatures(server);
  await page.getByRole('button', { name: '换人签名' }).click();
  await expect(page).toHaveURL(/\/sign$/);
  await expect(page.getByLabel('您的姓名'), 'nothing of the first person is left').toHaveValue('');
  await sign(page, '李测试');
  await expect(page).toHaveURL(/\/signed$/);
  await expect(page.getByText('李测试')).toBeVisible();
  expect(await signatures(server)).toBeGreaterThan(before);
});

test('a stairwell poster chooses the grid', async ({ page }) => {
  await page.goto('/sign?grid=nowhere');
  await expect(page.getByLabel('您住的小区或附近路段')).toHaveValue('');
  await page.goto('/g/grid-07');
  await expect(page).toHaveURL(/\/$/);
  await page.getByRole('link', { name: '我要签名' }).click();
  await expect(page.getByLabel('您住的小区或附近路段')).toHaveValue('grid-07');
  await page.goto('/sign?grid=grid-09');
  await expect(page.getByLabel('您住的小区或附近路段')).toHaveValue('grid-09');
});

test('signs by keyboard alone', async ({ page }) => {
  await page.goto('/sign');
  const name = page.getByLabel('您的姓名');
  await page.getByLabel('美丽家园齐创建', { exact: true }).focus();
  await page.keyboard.press('Space');
  while (!(await name.evaluate((field) => field === document.activeElement))) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type('wang');
  const consent = page.getByLabel(/我已阅读并同意/);
  while (!(await consent.evaluate((field) => field === document.activeElement))) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/signed$/);
});
