// The service worker: public pages that were seen before open without a network, and a
// form that is sent without one is kept in the phone and sent later.
//
// What belongs to one person is never kept: only the pages in PUBLIC are, and forms as
// everyone gets them. The server fills in what stands between «».
const VERSION = '«version»';
/// The language of this browser's pages.
const LANG = '«lang»';
const say = (zh, en) => LANG === 'en' ? en : zh;
const FORMS = ['/sign', '/report'];
const PRECACHED = ['/offline', '/', ...FORMS];
const PUBLIC = /^\/(?:$|pledges\/[a-z-]+$|progress$|privacy$|reports$|messages$)/;
const FILES = /^\/(?:pkg\/|icon)/;
const [PAGES, KEPT_FILES] = [`pages-${VERSION}`, 'files'];
/// Files that are kept: those of this version and of some before it, since a page that is
/// open may still want them.
const MOST_FILES = 24;
/// How long a page may take before the one that was seen before is shown, in milliseconds.
const PATIENCE = 6000;
/// How often a form that was refused is shown before it is forgotten.
const MOST_SHOWN = 3;

addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const pages = await caches.open(PAGES);
    // As everyone gets them: without cookies nothing in them is anyone's.
    await Promise.all(PRECACHED.map(async (path) => {
      const answer = await fetch(`${path}?lang=${LANG}`, { credentials: 'omit', cache: 'no-store' });
      if (answer.ok) await pages.put(path, answer);
    }));
    await skipWaiting();
  })());
});

addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith('pages-') && name !== PAGES).map((name) => caches.delete(name)));
    await clients.claim();
    await send();
  })());
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === 'POST' && request.mode === 'navigate') {
    if (FORMS.includes(url.pathname)) event.respondWith(post(request, url));
    else if (url.pathname === '/sign/next') event.respondWith(next(request));
    else if (url.pathname === '/me/erase') event.respondWith(erased(request));
  } else if (request.method === 'GET' && request.mode === 'navigate') {
    if (url.pathname.startsWith('/console')) return;
    let answer;
    if (url.pathname === '/offline') answer = waiting();
    else if (PUBLIC.test(url.pathname)) answer = page(event, url);
    else if (FORMS.includes(url.pathname)) answer = form(request, url);
    else answer = own(request);
    event.respondWith(answer);
    // Not every browser says when there is a network again; whoever goes on has one.
    event.waitUntil(answer.then(send).catch(() => {}));
  } else if (request.method === 'GET' && FILES.test(url.pathname)) {
    event.respondWith(file(event, request));
  }
});

addEventListener('sync', (event) => { if (event.tag === 'send') event.waitUntil(sendSoon()); });
addEventListener('message', (event) => { if (event.data === 'send') event.waitUntil(sendSoon()); });

/// A public page: from the network, else as it was seen.
async function page(event, url) {
  const slow = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
  const fresh = fetch(event.request).then((answer) => {
    if (answer.ok && !answer.redirected && !url.search) {
      const copy = answer.clone();
      event.waitUntil(caches.open(PAGES).then((pages) => pages.put(url.pathname, copy)));
    }
    return answer;
  });
  try {
    const first = await Promise.race([fresh, slow]);
    if (first) return first;
    return await caches.match(url.pathname) ? marked(url.pathname) : await fresh;
  } catch {
    return marked(url.pathname);
  }
}

/// A form: one that was sent later and came back with faults, until it is sent again; else
/// from the network, or as everyone gets it.
async function form(request, url) {
  const back = await refused(url.pathname).catch(() => undefined);
  if (back) {
    // Whoever does not want it any more has seen it often enough.
    if (back.shown >= MOST_SHOWN) await forget(back.id);
    else {
      await change({ ...back, shown: back.shown + 1 });
      return new Response(back.refused, { headers: back.headers });
    }
  }
  try {
    return await fetch(request);
  } catch {
    return marked(url.pathname);
  }
}

/// The next person at this phone must not get what this one has left: what waits is sent
/// first, or the phone stays this one's; so it does until they have seen what came back.
async function next(request) {
  await send();
  const left = await kept();
  if (left.some((form) => !form.refused)) return waiting();
  const unseen = left.find(({ shown }) => !shown);
  if (unseen) return Response.redirect(unseen.path, 303);
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect' || answer.ok) for (const { id } of left) await forget(id);
  return answer;
}

/// Whoever has everything of theirs erased means what waits here, too: it is sent first, so
/// that nothing is thrown away which was never told. An answer that sends them on says that it
/// is done; browsers that know `Clear-Site-Data` then forget all they keep.
async function erased(request) {
  await send();
  if ((await kept()).some((form) => !form.refused)) return waiting();
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect') for (const { id } of await kept()) await forget(id);
  return answer;
}

/// A page that is one's own, and never kept.
async function own(request) {
  try {
    return await fetch(request);
  } catch {
    return shown('/offline');
  }
}

async function file(event, request) {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) {
    const copy = answer.clone();
    event.waitUntil(caches.open(KEPT_FILES).then(async (files) => {
      await files.put(request, copy);
      const keys = await files.keys();
      await Promise.all(keys.slice(0, -MOST_FILES).map((key) => files.delete(key)));
    }));
  }
  return answer;
}

/// `/offline`: with what waits to be sent.
async function waiting() {
  const forms = (await kept()).filter((form) => !form.refused).length;
  if (!forms) return shown('/offline');
  return marked('/offline', say(
    `您填的${forms}份内容已存在手机里，有网络时自动送出。请先不要清理微信。`,
    `Saved on this phone and waiting to be sent: ${forms} form${forms === 1 ? '' : 's'}. Sending is automatic once there is a network. Until then, please do not clear WeChat.`,
  ));
}

async function shown(path) {
  return await caches.match(path) ?? new Response(say('没有网络，请稍后再试', 'No network; please try again later'), { status: 503, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}

/// A page that was seen before, with a mark that says so.
async function marked(path, words) {
  const known = await caches.match(path);
  if (!known) return shown('/offline');
  const when = new Date(known.headers.get('Date') ?? Date.now());
  const time = when.toLocaleString(say('zh-CN', 'en-GB'), { month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  const says = words ?? (FORMS.includes(path)
    ? say(
      '现在没有网络。您可以照常填写提交，内容先存在手机里，有网络时自动送出。',
      'You are offline. Fill in and send the form as usual: it is saved on this phone and sent automatically when there is a network.',
    )
    : say(`现在没有网络，这是${time}看到的内容。`, `You are offline. This is the page as you saw it on ${time}.`));
  // Each report has a key of its own, by which the server knows it when it comes again.
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const text = (await known.text()).replace(/(name="form_key" value=")[^"]*/, (_, begins) => begins + key);
  const html = text.replace(/<body[^>]*>/, (body) => `${body}<p class="offline-mark" role="status">${says}</p>`);
  return new Response(html, { status: 200, headers: known.headers });
}

/// A form that is sent: kept when there is no network.
async function post(request, url) {
  const copy = request.clone();
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const path = url.pathname;
    if (path === '/sign' && (await kept()).some((form) => form.path === path && !form.refused)) {
      return marked('/offline', say(
        '这台手机里已有一份没送出的签名，这一份没有存下。请等有网络时，用“换人签名”再签。',
        'A signature is already waiting on this phone, so this one was not saved. Once there is a network, use “Next person signs” to sign again.',
      ));
    }
    await keep({ path, type: copy.headers.get('Content-Type'), body: await copy.arrayBuffer() });
    await registration.sync?.register('send').catch(() => {});
    return Response.redirect('/offline', 303);
  }
  if (answer.type === 'opaqueredirect') {
    const back = await refused(url.pathname).catch(() => undefined);
    if (back) await forget(back.id);
  }
  return answer;
}

let sending;

/// Sends what was kept, one after the other; each is forgotten only once it is answered,
/// and comes back with the next visit of its form where it was refused. Sent twice, it
/// counts once: the server knows a report by its form's key, a signature by its visitor.
function send() {
  sending ??= sendAll().finally(() => { sending = undefined; });
  return sending;
}

/// Sends now, and again a little later: a network that is said to be back often is not yet.
async function sendSoon() {
  for (const seconds of [0, 1, 3, 9]) {
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    await send();
    if (!(await kept()).some((form) => !form.refused)) return;
  }
}

async function sendAll() {
  const tried = new Set();
  for (;;) {
    const form = (await kept()).find(({ id, refused }) => !refused && !tried.has(id));
    if (!form) return;
    tried.add(form.id);
    await sendOne(form);
  }
}

/// Sends one form. Only the page it leads to, or its own page with faults, is an answer;
/// anything else comes from something between here and the server, and is tried again.
async function sendOne(form) {
  const { path, type, body } = form;
  const ask = () => fetch(path, { method: 'POST', headers: { 'Content-Type': type, Accept: 'text/html' }, body });
  let answer;
  try {
    answer = await ask();
    // Whoever had no cookie yet has one now, and must not look like a program in a hurry.
    if (answer.status === 422) {
      await new Promise((wake) => setTimeout(wake, 2500));
      answer = await ask();
    }
  } catch {
    return;
  }
  const taken = answer.ok && answer.redirected && /^\/(?:signed$|reports\/)/.test(new URL(answer.url).pathname);
  const faulty = [409, 413, 415, 422].includes(answer.status) && answer.headers.get('Content-Type')?.startsWith('text/html');
  if (taken) await forget(form.id);
  else if (faulty) await change({ ...form, body: undefined, shown: 0, refused: await answer.text(), headers: [...answer.headers] });
  else return;
  for (const client of await clients.matchAll({ type: 'window' })) {
    if (new URL(client.url).pathname === '/offline') await client.navigate(taken ? '/me' : path).catch(() => {});
  }
}

function store(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('chuangquan', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('forms', { keyPath: 'id', autoIncrement: true });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction('forms', mode, { durability: 'strict' });
      const asked = work(transaction.objectStore('forms'));
      transaction.oncomplete = () => { database.close(); resolve(asked.result); };
      transaction.onabort = () => { database.close(); reject(transaction.error); };
    };
  });
}

const keep = (form) => store('readwrite', (forms) => forms.add(form));
const change = (form) => store('readwrite', (forms) => forms.put(form));
const kept = () => store('readonly', (forms) => forms.getAll());
const refused = async (path) => (await kept()).find((form) => form.refused && form.path === path);
const forget = (id) => store('readwrite', (forms) => forms.delete(id));
