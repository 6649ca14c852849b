// All journeys with and without JavaScript, in Debian's Chromium. Each worker starts its own server
// (see server.ts), so there is no `webServer` here.
import { defineConfig } from '@playwright/test';
import { launchOptions } from './chromium.ts';

const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 1,
  hasTouch: true,
  locale: 'zh-CN',
  timezoneId: 'Asia/Shanghai',
};

export default defineConfig({
  testDir: 'journeys',
  outputDir: '../target/end2end',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [['list']],
  use: {
    trace: 'retain-on-failure',
    // A service worker would answer instead of routes mocked by tests; offline.spec.ts allows it.
    serviceWorkers: 'block',
    launchOptions,
  },
  projects: [
    { name: 'js', use: { ...phone } },
    // Journeys that need scripts are skipped here; axe is itself a script and covers pages without
    // islands on its own.
    { name: 'no-js', use: { ...phone, javaScriptEnabled: false }, testIgnore: /(islands|axe|weight|offline|wechat|sizes|memory|keyboard)\.spec\.ts/ },
    // Casework also runs on PostgreSQL.
    { name: 'postgres', use: { ...phone }, testMatch: /(report|casework)\.spec\.ts/ },
  ],
});
