// `/prove.js`: works out the proof of a signing form while it is filled in. The same file is the
// script of the page and its worker. An unfinished proof never delays: the form is sent without one,
// and `/signed` delivers it later.
import { workOut } from './proof.ts';

declare const self: DedicatedWorkerGlobalScope;

interface Task {
  key: string;
  effort: number;
}

if (typeof document === 'undefined') {
  self.onmessage = async ({ data }: MessageEvent<Task>) => {
    self.postMessage(await workOut(data.key, data.effort));
  };
} else {
  begin();
}

function begin(): void {
  const field = (name: string) => document.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  const [key, proof] = [field('key'), field('proof')];
  if (!key || !proof || proof.value || !globalThis.crypto?.subtle) return;
  const worker = new Worker('/prove.js');
  worker.onmessage = ({ data }: MessageEvent<string>) => {
    worker.terminate();
    proof.value = data;
    // Where a signature waits for its proof, the form has nothing else in it.
    const form = key.form;
    if (form?.id !== 'proof') return;
    const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    fetch(form.action, { method: 'POST', body: fields, keepalive: true }).catch(() => {});
  };
  worker.postMessage({ key: key.value, effort: Number(key.dataset.effort) } satisfies Task);
}
