// Features that need scripts: drafts, validation while typing, a single submit, a live connection
// that pauses on hidden pages. And pages when the wasm does not load.
import { file, fill, staffOf } from '../casework.ts';
import { photo } from '../photo.ts';
import { complaints, expect, logIn, sign, signatures, test } from '../server.ts';

const awake = '全部承诺';

test('a draft survives closing the page, and is gone after signing', async ({ page, context }) => {
  await page.goto('/sign');
  await expect(page.getByLabel(awake)).toBeVisible();
  await page.getByLabel('您的姓名').fill('王测试');
  await page.getByLabel('交通文明守秩序', { exact: true }).check();
  await page.getByLabel('您住的小区或附近路段').selectOption('grid-03');
  await page.getByText('写一句寄语').click();
  await page.getByLabel('寄语', { exact: true }).fill('大家加油');
  await page.close();

  const again = await context.newPage();
  await again.goto('/sign');
  await expect(again.getByLabel('您的姓名')).toHaveValue('王测试');
  await expect(again.getByLabel('交通文明守秩序', { exact: true })).toBeChecked();
  await expect(again.getByLabel('您住的小区或附近路段')).toHaveValue('grid-03');
  await expect(again.getByLabel('寄语', { exact: true })).toHaveValue('大家加油');
  await expect(again.getByLabel(/我已阅读并同意/), 'consent is given anew').not.toBeChecked();
  await again.getByLabel(/我已阅读并同意/).check();
  await again.getByRole('button', { name: '签名', exact: true }).click();
  await expect(again).toHaveURL(/\/signed$/);
  await expect.poll(() => again.evaluate(() => localStorage.getItem('chuangquan.sign'))).toBeNull();
});

test('tells what is wrong while typing', async ({ page }) => {
  await page.goto('/sign');
  await expect(page.getByLabel(awake)).toBeVisible();
  const name = page.getByLabel('您的姓名');
  await name.fill('王'.repeat(41));
  await name.blur();
  await expect(page.locator('#error-name')).toContainText('姓名最多40个字');
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await name.fill('王测试');
  await expect(page.locator('#error-name')).toBeHidden();
  await expect(name).not.toHaveAttribute('aria-invalid', 'true');
});

test('what is written is counted as people see it, and not while an input method composes', async ({ page }) => {
  await page.goto('/sign');
  await expect(page.getByLabel(awake)).toBeVisible();
  await page.getByText('写一句寄语').click();
  const message = page.getByLabel('寄语', { exact: true });
  await message.fill(`${'👨\u200D👩\u200D👧'.repeat(57)}\u200B`);
  const left = page.locator('#hint-message .field__left');
  await expect(left).toHaveText('57/60');
  const compose = (kind: string, value: string) =>
    message.evaluate(
      (field: HTMLInputElement, [kind, value]) => {
        field.value = value!;
        const event = kind === 'input' ? new InputEvent(kind, { bubbles: true, isComposing: true }) : new CompositionEvent(kind!, { bubbles: true });
        field.dispatchEvent(event);
      },
      [kind, value],
    );
  const before = await message.inputValue();
  await compose('compositionstart', before);
  await compose('input', `${before}wenming`);
  await expect(left).toHaveText('57/60');
  await expect(left).not.toHaveClass(/field__left_over/);
  await compose('compositionend', `${before}文明`);
  await expect(left).toHaveText('59/60');
});

test('an error that appears does not move the button from under the mouse', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto('/sign');
  await expect(page.getByLabel(awake)).toBeVisible();
  await page.getByLabel('您的姓名').fill('王'.repeat(41));
  const button = page.getByRole('button', { name: '签名', exact: true });
  await button.scrollIntoViewIfNeeded();
  const before = await button.boundingBox();
  await page.getByLabel('您的姓名').blur();
  await expect(page.locator('#error-name')).toBeVisible();
  const moved = Math.abs((await button.boundingBox())!.y - before!.y);
  expect(moved, 'in pixels, of a button 48 high').toBeLessThan(8);
});

test('what was mended before the island woke is judged as it stands', async ({ page }) => {
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  await page.route('**/*.wasm', async (route) => {
    await asleep;
    await route.continue();
  });
  await page.goto('/sign');
  await page.getByLabel('您的姓名').fill('王'.repeat(41));
  wake();
  await expect(page.getByLabel(awake)).toBeVisible();
  await page.getByLabel('您的姓名').focus();
  await page.getByLabel('您的姓名').blur();
  await expect(page.locator('#error-name')).toContainText('姓名最多40个字');
});

test('全部承诺 ticks and unticks all four', async ({ page }) => {
  await page.goto('/sign');
  const all = page.getByLabel(awake);
  const ticked = page.locator('input[name=pledges]:checked');
  await all.check();
  await expect(ticked).toHaveCount(4);
  await page.getByLabel('交通文明守秩序', { exact: true }).uncheck();
  await expect(all).not.toBeChecked();
  await page.getByLabel('交通文明守秩序', { exact: true }).check();
  await expect(all).toBeChecked();
  await all.uncheck();
  await expect(ticked).toHaveCount(0);
});

test('finds a grid by a few characters', async ({ page }) => {
  await page.goto('/sign');
  await page.getByLabel('查找小区或路段').fill('第3网');
  const offered = page.locator('#field-grid option');
  await expect(offered).toHaveText(['说不清', '第3网格']);
  await page.getByLabel('查找小区或路段').press('Enter');
  await expect(page.getByLabel('您住的小区或附近路段')).toHaveValue('grid-03');
  await expect(page, 'Enter finds, it does not sign').toHaveURL(/\/sign$/);
  await page.getByLabel('查找小区或路段').fill('');
  await expect(offered).toHaveCount(38);
  await expect(page.getByLabel('您住的小区或附近路段')).toHaveValue('grid-03');
});

test('a second press sends nothing', async ({ page }) => {
  let posts = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') posts += 1;
  });
  await page.goto('/sign');
  await page.getByLabel(awake).check();
  await page.getByLabel('您的姓名').fill('王测试');
  await page.getByLabel(/我已阅读并同意/).check();
  await page.getByRole('button', { name: '签名', exact: true }).dblclick();
  await expect(page).toHaveURL(/\/signed$/);
  expect(posts).toBe(1);
});

test('a hidden page holds no connection', async ({ page }) => {
  await page.addInitScript(() => {
    const opened: EventSource[] = [];
    Object.assign(window, { opened });
    window.EventSource = class extends EventSource {
      constructor(url: string | URL) {
        super(url);
        opened.push(this);
      }
    };
  });
  const open = () =>
    page.evaluate(() => {
      const all = (window as unknown as { opened: EventSource[] }).opened;
      return all.filter((source) => source.readyState !== EventSource.CLOSED).length;
    });
  const show = (state: string) =>
    page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await page.goto('/');
  await expect.poll(open, 'all islands share one connection').toBe(1);
  await show('hidden');
  await expect.poll(open).toBe(0);
  await show('visible');
  await expect.poll(open).toBe(1);
});

test.describe('when the wasm does not come', () => {
  test.use({ expectedComplaints: /Failed to load resource/ });

  test('the form works all the same', async ({ page }) => {
    await page.route('**/*.wasm', (route) => route.abort());
    await page.goto('/sign');
    await expect(page.getByLabel(awake)).toBeHidden();
    await sign(page, '王测试');
    await expect(page).toHaveURL(/\/signed$/);
  });

  test('a draft is gone after signing for all that', async ({ page }) => {
    await page.goto('/sign');
    await expect(page.getByLabel(awake)).toBeVisible();
    await page.getByLabel('您的姓名').fill('王测试');
    await page.route('**/*.wasm', (route) => route.abort());
    await sign(page, '王测试');
    await expect(page).toHaveURL(/\/signed$/);
    expect(await page.evaluate(() => localStorage.getItem('chuangquan.sign'))).toBeNull();
  });

  test('and also before it has come', async ({ page }) => {
    await page.route('**/*.wasm', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await route.abort().catch(() => {});
    });
    await page.goto('/sign');
    await sign(page, '王测试');
    await expect(page).toHaveURL(/\/signed$/);
  });
});

test.describe('when the live connection breaks', () => {
  test.use({ expectedComplaints: /Failed to load resource|ERR_FAILED/ });

  test('it is tried again, and the count catches up', async ({ page, browser, server }) => {
    let tries = 0;
    await page.route('**/live', (route) => {
      tries += 1;
      return tries === 1 ? route.abort() : route.continue();
    });
    await page.goto('/');
    const shown = page.locator('.hero__count .live-number');
    const before = await shown.innerText();
    const other = await browser.newContext({ baseURL: server.url });
    const phone = await other.newPage();
    await phone.goto('/sign');
    await sign(phone, '李测试');
    await expect(phone).toHaveURL(/signed$/);
    await other.close();
    await expect(shown).not.toHaveText(before, { timeout: 8_000 });
    expect(tries).toBe(2);
  });
});

test('a screen reader hears the newest count now and then', async ({ page, browser, server }) => {
  await page.clock.install();
  await page.goto('/');
  await page.clock.runFor(1000);
  const region = page.locator('.hero').getByRole('status');
  const shown = page.locator('.hero__count .live-number');
  await expect(region).toHaveText('');
  for (const name of ['甲测试', '乙测试', '丙测试']) {
    const before = await shown.innerText();
    const phone = await (await browser.newContext({ baseURL: server.url, locale: 'zh-CN' })).newPage();
    await phone.goto('/sign');
    await sign(phone, name);
    await expect(phone).toHaveURL(/signed$/);
    await expect(shown).not.toHaveText(before);
    await expect(region, 'not with each one').toHaveText('');
  }
  await page.clock.runFor(31_000);
  await expect(region).toHaveText(`${await shown.innerText()}位居民已签名`);
});

test('pages without islands load no wasm', async ({ page }) => {
  const loaded: string[] = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  const found = complaints(page);
  await page.goto('/privacy', { waitUntil: 'networkidle' });
  expect(loaded.filter((name) => /\.(wasm|js)$/.test(name))).toEqual([]);
  expect(found).toEqual([]);
});

test('a report in writing survives closing the page, and knows where it is when asked', async ({ page, context }) => {
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation({ latitude: 31.2231, longitude: 121.4456, accuracy: 20 });
  await page.goto('/report');
  await page.getByLabel('楼道堆物').check();
  await page.getByLabel('在哪里').fill('草稿小区');
  await page.getByLabel('看到了什么').fill('写了一半');
  await page.locator('input[name=photos]').setInputFiles(photo());
  await expect(page.getByAltText('已选的照片1')).toBeVisible();
  await expect(page.locator('input[name=lat]'), 'nobody asks unasked').toHaveValue('');
  await page.close();

  const again = await context.newPage();
  await again.goto('/report');
  await expect(again.getByLabel('在哪里')).toHaveValue('草稿小区');
  await expect(again.getByLabel('看到了什么')).toHaveValue('写了一半');
  await expect(again.getByLabel('楼道堆物')).toBeChecked();
  await expect(again.getByAltText('已选的照片1')).toBeVisible();
  await again.getByRole('button', { name: '附上我现在的位置' }).click();
  await expect(again.getByText('已附上位置（误差约20米）')).toBeVisible();
  await expect(again.locator('input[name=lat]')).toHaveValue('31.22310');
  await again.getByRole('button', { name: '去掉位置' }).click();
  await expect(again.locator('input[name=lat]')).toHaveValue('');
  await again.getByText('其他分类').click();
  await again.getByLabel('高空抛物').check();
  await expect(again.locator('.urgent_shown')).toHaveText(/请先拨打110、119或120/);
  await again.getByLabel('楼道堆物').check();
  await again.getByLabel(/我已阅读并同意/).check();
  await again.getByLabel('在哪里').press('Enter');
  await expect(again, 'Enter sends the form').toHaveURL(/\/reports\//);
  await expect(again.getByAltText('处理前的照片')).toBeVisible();
  await again.goto('/report');
  await expect(again.getByLabel('在哪里'), 'what was sent is no draft').toHaveValue('');
});

test('what was typed before the islands woke is a draft too', async ({ page, context }) => {
  for (const { path, field } of [{ path: '/sign', field: '您的姓名' }, { path: '/report', field: '在哪里' }]) {
    const early = await context.newPage();
    let wake = () => {};
    const held = new Promise<void>((resolve) => (wake = resolve));
    await early.route('**/*.wasm', async (route) => {
      await held;
      await route.continue();
    });
    await early.goto(path);
    await early.getByLabel(field).fill('早早写下');
    wake();
    await expect.poll(() => early.evaluate(() => localStorage.length), path).toBeGreaterThan(0);
    await early.close();
    await page.goto(path);
    await expect(page.getByLabel(field)).toHaveValue('早早写下');
    await page.evaluate(() => localStorage.clear());
  }
});

test('new reports come into the queue without losing what was ticked', async ({ page, browser, server }) => {
  const { worker } = staffOf(server, 'grid-35');
  const resident = await (await browser.newContext({ locale: 'zh-CN' })).newPage();
  const report = async (place: string) => {
    await fill(resident, 'grid-35', place);
    await file(resident);
  };
  await report('先到小区');
  await logIn(page, worker);
  const first = page.locator('.queue__row', { hasText: '先到小区' });
  await first.getByRole('checkbox').check();
  await report('后到小区');
  const second = page.locator('.queue__row', { hasText: '后到小区' });
  await expect(second).toBeVisible();
  await expect(page.getByText('新到1件')).toBeVisible();
  await expect(first.getByRole('checkbox')).toBeChecked();
  await page.keyboard.press('k');
  await expect(second.locator('.queue__link'), 'one up from what was ticked').toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/console\/reports\//);
});

test('without a place for its stream, a page asks for the counts', async ({ page, browser, server }) => {
  // What the server sends when the stream has to make room for others.
  const last = 'retry: 300000\nevent: poll\ndata: 1\n\n';
  await page.route('**/live', (route) => route.fulfill({ contentType: 'text/event-stream', body: last }));
  // Half a minute between two questions, as the server says, would be long.
  let asked = 0;
  await page.route('**/counts.json', async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    expect(text).toMatch(/^retry: [23]\d{4}\nevent: counts\n/);
    asked += 1;
    await route.fulfill({ response: answer, body: text.replace(/retry: \d+/, 'retry: 300') });
  });
  await page.goto('/');
  const shown = page.locator('.hero__count .live-number');
  const number = async () => Number((await shown.innerText()).replaceAll(',', ''));
  const before = await number();

  const other = await browser.newContext({ baseURL: server.url });
  const phone = await other.newPage();
  await phone.goto('/sign');
  await sign(phone, '钱测试');
  await expect(phone).toHaveURL(/\/signed$/);
  await other.close();

  await expect.poll(number, { timeout: 5_000 }).toBeGreaterThan(before);
  expect(asked, 'it asked by itself').toBeGreaterThan(1);
});

test('a phone works out its proof while the form is filled in, or delivers it later', async ({ page, browser, startServer }) => {
  const server = await startServer({ CHUANGQUAN_LIMITS: 'on' });
  // Neighbours without scripts use up what counts without a proof.
  const neighbours = await Promise.all(Array.from({ length: 200 }, () => fetch(`${server.url}/sign`)));
  await new Promise((wake) => setTimeout(wake, 2_200));
  const answers = neighbours.map((form, n) => {
    const name = `邻${[...String(n)].map((digit) => '零一二三四五六七八九'[Number(digit)]).join('')}`;
    const body = new URLSearchParams([['name', name], ['pledges', 'home'], ['consent', 'on']]);
    const headers = { cookie: form.headers.getSetCookie()[0]!.split(';')[0]! };
    return fetch(`${server.url}/sign`, { method: 'POST', headers, body, redirect: 'manual' });
  });
  await Promise.all(answers);
  expect(await signatures(server)).toBe(200);

  await page.goto(`${server.url}/sign`);
  await expect(page.locator('input[name=proof]')).toHaveValue(/^\d+(\.\d+){3}$/, { timeout: 20_000 });
  await sign(page, '孙测试');
  await expect(page).toHaveURL(/\/signed$/);
  expect(await signatures(server), 'it counts at once').toBe(201);

  // One that is sent before its proof is finished waits for it on the next page.
  const other = await (await browser.newContext()).newPage();
  await other.route('**/prove.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await other.goto(`${server.url}/sign`);
  await other.waitForTimeout(2_100);
  await sign(other, '李测试');
  await expect(other).toHaveURL(/\/signed$/);
  expect(await signatures(server)).toBe(201);
  await other.unroute('**/prove.js');
  await other.reload();
  await expect.poll(() => signatures(server), { timeout: 20_000 }).toBe(202);
  await other.context().close();
});
