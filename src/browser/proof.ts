// Works out the proof that a signing form asks for (decision 0046, service::signature::key).

const PARTS = 4;
const ITERATIONS = 500;
/** Tries at once: enough to keep the browser's own threads busy. */
const AT_ONCE = 16;

/** The proof for `key`, each part of which takes `effort` tries on average. Needs `crypto.subtle`,
 * which pages that came by plain http do not have. */
export async function workOut(key: string, effort: number): Promise<string> {
  const password = await crypto.subtle.importKey('raw', new TextEncoder().encode(key), 'PBKDF2', false, ['deriveBits']);
  const most = Math.floor(0xffffffff / effort);
  const isSolution = async (part: number, solution: number) => {
    const salt = new DataView(new ArrayBuffer(5));
    salt.setUint8(0, part);
    salt.setUint32(1, solution);
    const settings = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
    return new DataView(await crypto.subtle.deriveBits(settings, password, 32)).getUint32(0) <= most;
  };
  const solutions = [];
  for (let part = 0; part < PARTS; part += 1) {
    for (let next = 0; solutions.length === part; next += AT_ONCE) {
      const tries = Array.from({ length: AT_ONCE }, (_, n) => next + n);
      const found = (await Promise.all(tries.map((n) => isSolution(part, n)))).indexOf(true);
      if (found >= 0) solutions.push(next + found);
    }
  }
  return solutions.join('.');
}
