// Sends the forms that were kept, when there is a network again.
import { forget, type KeptForm, kept, replace, waiting } from './kept_forms.ts';

declare const self: ServiceWorkerGlobalScope;

/** Whoever had no cookie yet has one after the first answer, and must not look like a program
 * in a hurry: milliseconds until the second. */
const SECOND_TRY = 2500;
/** Statuses of a page that shows a form with its faults. */
const FAULTY = [409, 413, 415, 422];

let sending: Promise<void> | undefined;

/** Sends what was kept, one after the other; each is forgotten only once it is answered,
 * and comes back with the next visit of its form where it was refused. Sent twice, it
 * counts once: the server knows a report by its form's key, a signature by its visitor. */
export function send(): Promise<void> {
  sending ??= sendAll().finally(() => {
    sending = undefined;
  });
  return sending;
}

/** Sends everything that can be sent. A run that is under way may have begun before there was a
 * network, so another one follows it where something is left. */
export async function sendNow(): Promise<void> {
  await send();
  if ((await waiting()).length > 0) await send();
}

/** Sends now, and again a little later: a network that is said to be back often is not yet. */
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

/** Sends one form. Only the page it leads to, or its own page with faults, is an answer;
 * anything else comes from something between here and the server, and is tried again. */
async function sendOne(form: KeptForm): Promise<void> {
  const { path, type, body } = form;
  const headers = { 'Content-Type': type ?? '', Accept: 'text/html' };
  const ask = () => fetch(path, { method: 'POST', headers, body: body ?? null });
  let answer: Response;
  try {
    answer = await ask();
    if (answer.status === 422) {
      await new Promise((wake) => setTimeout(wake, SECOND_TRY));
      answer = await ask();
    }
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

/** Forgets everything that is kept. */
export async function forgetAll(): Promise<void> {
  for (const { id } of await kept()) await forget(id);
}
