// Pages and counts, against the same bytes from the baseline route (memory, no middleware).
import { BROTLI, alternating, keep, median, scratch, serve, settings, spread, visit, wrk } from './lib.mjs';

const ROUNDS = 5;

export const reading = async () => {
  const server = await serve(settings(scratch()));
  const { url } = server;
  const cookie = await visit(url);
  const plain = { cookie };
  const brotli = { ...plain, 'accept-encoding': 'br' };
  const sizes = {
    home: await keep(url, 'home', '/', plain),
    'home.br': await keep(url, 'home.br', '/', brotli),
    counts: await keep(url, 'counts', '/counts.json', {}),
  };
  const asVisitor = ['-H', `Cookie: ${cookie}`];
  const rate = (page, args) => async () => (await wrk(`${url}${page}`, { seconds: 2, args })).rate;
  const seen = await alternating(ROUNDS, {
    home: rate('/', asVisitor),
    bareHome: rate('/bare/home', asVisitor),
    homeBr: rate('/', [...asVisitor, ...BROTLI]),
    bareHomeBr: rate('/bare/home.br', [...asVisitor, ...BROTLI]),
    counts: rate('/counts.json', []),
    bareCounts: rate('/bare/counts', []),
  });
  await server.stop();
  const row = (what, goal, ours, bare) => [
    what,
    goal,
    `${spread(seen[ours])} a second`,
    `${spread(seen[bare])} bare`,
    (median(seen[ours]) / median(seen[bare])).toFixed(2),
  ];
  return [
    row(`\`GET /\`, plain, ${sizes.home} bytes`, '≥ 0.3, towards 0.5', 'home', 'bareHome'),
    row(`\`GET /\`, brotli, ${sizes['home.br']} bytes`, '≥ 0.3, towards 0.5', 'homeBr', 'bareHomeBr'),
    row(`\`GET /counts.json\`, ${sizes.counts} bytes`, '≥ 0.7', 'counts', 'bareCounts'),
  ];
};
