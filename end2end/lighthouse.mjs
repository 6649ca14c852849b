// Lighthouse on the most important pages: mobile, default throttling, median of five runs by
// performance. Writes the reports into docs/lighthouse. `make lighthouse`.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const url = process.argv.at(-1);
const out = path.join(path.dirname(import.meta.dirname), 'docs', 'lighthouse');
const rounds = Number(process.env.ROUNDS ?? 5);
const pages = { home: '/', sign: '/sign', report: '/report' };
const flags = '--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --lang=zh-CN --accept-lang=zh-CN';

const measure = (address) => JSON.parse(execFileSync('npx', [
  '--yes', 'lighthouse@12.2.3', address, '--output=json', '--output-path=stdout', '--quiet', `--chrome-flags=${flags}`,
], { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' }, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }));

// On a busy machine Chromium sometimes returns no trace; the run is repeated, with a message.
const once = (address) => {
  for (let tries = 1; ; tries += 1) {
    try {
      return measure(address);
    } catch (error) {
      const code = /"runtimeError": {\s*"code": "(\w+)"/.exec(error.stdout?.toString() ?? '')?.[1];
      console.log(`${address}: no measurement: ${code ?? error.status ?? error.message}`);
      if (tries === 5) throw new Error('five times in a row');
    }
  }
};

fs.mkdirSync(out, { recursive: true });
const rows = [];
for (const [name, page] of Object.entries(pages)) {
  const reports = [];
  for (let i = 0; i < rounds; i += 1) reports.push(once(url + page));
  reports.sort((a, b) => a.categories.performance.score - b.categories.performance.score);
  const median = reports[Math.floor(rounds / 2)];
  const scores = Object.values(median.categories).map((category) => Math.round(category.score * 100));
  const all = reports.map((report) => Math.round(report.categories.performance.score * 100));
  const { 'largest-contentful-paint': lcp, 'cumulative-layout-shift': cls, 'total-blocking-time': tbt, 'total-byte-weight': weight } = median.audits;
  rows.push(`| \`${page}\` | ${scores.join(' | ')} | ${lcp.displayValue} | ${cls.numericValue.toFixed(3)} | ${tbt.displayValue} | ${(weight.numericValue / 1000).toFixed(1)} KB | ${all.join(', ')} |`);
  const weak = Object.values(median.audits).filter((audit) => audit.score !== null && audit.score < 1);
  for (const audit of weak) console.log(`${page}: ${audit.id} ${audit.score} ${audit.displayValue ?? ''}`);
  // Scores and figures of every audit, without Lighthouse's descriptions.
  const brief = {
    lighthouse: median.lighthouseVersion,
    taken: median.fetchTime,
    page,
    form: median.configSettings.formFactor,
    throttling: median.configSettings.throttling,
    scores: Object.fromEntries(Object.values(median.categories).map((category) => [category.id, category.score])),
    audits: Object.fromEntries(Object.values(median.audits).map((audit) => [audit.id, { score: audit.score, figure: audit.numericValue, shown: audit.displayValue }])),
  };
  fs.writeFileSync(path.join(out, `${name}.json`), `${JSON.stringify(brief, null, 1)}\n`);
}
const head = `# Lighthouse

Written by \`make lighthouse\`: Lighthouse 12.2.3, mobile, default throttling, release build,
median of ${rounds} by performance; scores and figures of every audit of the medians stand
beside this.

| page | performance | accessibility | best practices | SEO | LCP | CLS | TBT | weight | performance of all rounds |
|---|---|---|---|---|---|---|---|---|---|
`;
fs.writeFileSync(path.join(out, 'README.md'), `${head}${rows.join('\n')}\n`);
console.log(rows.join('\n'));
