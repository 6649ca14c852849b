// Forms that were sent without a network: kept in IndexedDB until the server has answered.
import { type DBSchema, type IDBPObjectStore, openDB } from 'idb';

/** A form as it is kept, and what became of it. */
export interface KeptForm {
  /** Given by the database when the form is first kept. */
  id: number;
  /** Where it goes: `/sign` or `/report`. */
  path: string;
  /** `Content-Type` of the body. */
  type: string | null;
  /** What was sent; gone once it was refused. */
  body?: ArrayBuffer | undefined;
  /** The page with the form and its faults, where the server refused it. */
  refused?: string;
  /** The headers of that page. */
  headers?: [string, string][];
  /** How often that page was shown. */
  shown?: number;
}

/** One that comes in place of its form until that is sent again. */
export type RefusedForm = KeptForm & Required<Pick<KeptForm, 'refused' | 'headers' | 'shown'>>;

interface Schema extends DBSchema {
  forms: { key: number; value: KeptForm };
}

type Forms = IDBPObjectStore<Schema, ['forms'], 'forms', 'readwrite'>;

const open = () =>
  openDB<Schema>('chuangquan', 1, {
    upgrade(database) {
      database.createObjectStore('forms', { keyPath: 'id', autoIncrement: true });
    },
  });

/** Changes what is kept; resolves once it is on the disk. */
async function change(work: (forms: Forms) => Promise<unknown>): Promise<void> {
  const database = await open();
  try {
    const transaction = database.transaction('forms', 'readwrite', { durability: 'strict' });
    await Promise.all([work(transaction.store), transaction.done]);
  } finally {
    database.close();
  }
}

/** Keeps a form that could not be sent. */
export const keep = (form: Omit<KeptForm, 'id'>) =>
  // The database gives it its id.
  change((forms) => forms.add(form as KeptForm));

/** Keeps a form as it is now. */
export const replace = (form: KeptForm) => change((forms) => forms.put(form));

export const forget = (id: number) => change((forms) => forms.delete(id));

/** All of them, the oldest first. */
export async function kept(): Promise<KeptForm[]> {
  const database = await open();
  try {
    return await database.getAll('forms');
  } finally {
    database.close();
  }
}

/** Those that wait to be sent. */
export const waiting = async () => (await kept()).filter((form) => form.refused === undefined);

/** The form of that path that came back with faults, if there is one. */
export const refusedAt = async (path: string) =>
  (await kept()).find((form): form is RefusedForm => form.refused !== undefined && form.path === path);
