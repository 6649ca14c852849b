// Somebody leaves: what becomes of their cases is asked in the same step.
import { file, fill, inOwnBrowser, press, staffOf, unfold } from '../casework.ts';
import { expect, test } from '../server.ts';

test.use({ expectedComplaints: /status of (404|409|422)/ });

test('a manager gives the cases of whoever leaves to a colleague', async ({ page, browser, server, javaScriptEnabled }) => {
  const staff = staffOf(server, 'grid-18');
  const manager = staff.worker.replace('worker', 'office');
  server.addStaff(manager, '赵测试', 'manager');
  await fill(page, 'grid-18', '测试小区8号楼');
  const report = await file(page);
  const desk = await inOwnBrowser(browser, staff.worker, javaScriptEnabled);
  await desk.goto(`/console/reports/${report}`);
  await unfold(desk, '认领', 'claim');
  await press(desk, 'claim');
  const office = await inOwnBrowser(browser, manager, javaScriptEnabled);
  await office.goto('/console/staff');
  const row = office.locator('.staff-list__item', { hasText: staff.worker });
  await row.locator('summary').click();
  await row.getByRole('button', { name: '停用' }).click();
  await expect(office.getByText('手上还有1件，请选择交给谁，或放回网格')).toBeVisible();
  await row.getByLabel('手上认领的1件交给').selectOption(staff.checker);
  await row.getByRole('button', { name: '停用' }).click();
  await expect(row.getByText('已停用')).toBeVisible();
  const colleague = await inOwnBrowser(browser, staff.checker, javaScriptEnabled);
  await colleague.goto(`/console/reports/${report}`);
  await expect(colleague.getByText('认领的同事离开或调岗，交给李测试')).toBeVisible();
});
