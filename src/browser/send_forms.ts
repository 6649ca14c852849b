// Sends the queued forms once the network is back.
import { workOut } from './proof.ts';
import { forget, type KeptForm, kept, replace, waiting } from './kept_forms.ts';

declare const self: ServiceWorkerGlobalScope;

/** Shortest time between a form being shown and sent, in milliseconds: one that is sent sooner seems
 * automated. */
const FILLED_IN = 2500;
/** Statuses of a page with a form and its validation errors. */
const FAULTY = [409, 413, 415, 422];

let sending: Promise<void> | undefined;

/** Sends the queued forms one by one. A form stays in the queue until the server has answered;
 * if refused, it is shown again on the next visit of its page. Sending twice is safe: the
 * server identifies a report by its form key, a signature by its visitor. */
export function send(): Promise<void> {
  sending ??= sendAll().finally(() => {
    sending = undefined;
  });
  return sending;
}

/** Sends all forms now. A run that is in progress may have started before the network was back,
 * so a second run follows if forms are left. */
export async function sendNow(): Promise<void> {
  await send();
  if ((await waiting()).length > 0) await send();
}

/** Sends now, then retries for 13 seconds: an `online` event often comes too early. */
export async function sendSoon(): Promise<void> {
  for (const seconds of [0, 1, 3, 9]) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await send();
    if ((await waiting()).length === 0) return;
  }
}

async function sendAll(): Promise<void> {
  const tried = new Set<number>();
  for (;;) {
    const form = (await waiting()).find(({ id }) => !tried.has(id));
    if (!form) return;
    tried.add(form.id);
    await sendOne(form);
  }
}

/** Sends one form. Only a redirect to the form's result or its page with errors counts as an
 * answer; other responses come from a proxy or portal, and the form is sent again later. */
async function sendOne(form: KeptForm): Promise<void> {
  const { path, type } = form;
  const headers = { 'Content-Type': type ?? '', Accept: 'text/html' };
  let answer: Response;
  try {
    const body = path === '/sign' ? await withFreshKey(form) : form.body;
    const ask = () => fetch(path, { method: 'POST', headers, body: body ?? null });
    answer = await ask();
    // Without a cookie the first answer sets it.
    if (answer.status === 422) answer = await ask();
  } catch {
    return;
  }
  const taken = answer.ok && answer.redirected && /^\/(?:signed$|reports\/)/.test(new URL(answer.url).pathname);
  const faulty = FAULTY.includes(answer.status) && answer.headers.get('Content-Type')?.startsWith('text/html');
  if (taken) await forget(form.id);
  else if (faulty) {
    const back = { refused: await answer.text(), headers: [...answer.headers] };
    await replace({ ...form, body: undefined, shown: 0, ...back });
  } else return;
  for (const client of await self.clients.matchAll({ type: 'window' })) {
    if (new URL(client.url).pathname === '/offline') await client.navigate(taken ? '/me' : path).catch(() => {});
  }
}

/** The body of a signing form with a key of today and its proof: the page that was filled in may have
 * been shown long ago. */
async function withFreshKey({ path, body }: KeptForm): Promise<string> {
  const wait = new Promise((wake) => setTimeout(wake, FILLED_IN));
  const page = await (await fetch(path, { headers: { Accept: 'text/html' } })).text();
  const fields = new URLSearchParams(new TextDecoder().decode(body));
  const [, key, effort] = /name="key" value="([^"]*)" data-effort="(\d+)"/.exec(page) ?? [];
  fields.delete('proof');
  if (key) {
    fields.set('key', key);
    if (Number(effort) > 0 && crypto.subtle) fields.set('proof', await workOut(key, Number(effort)));
  }
  await wait;
  return fields.toString();
}

/** Deletes all queued and refused forms. */
export async function forgetAll(): Promise<void> {
  for (const { id } of await kept()) await forget(id);
}
