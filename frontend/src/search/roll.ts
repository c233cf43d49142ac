/** Searches all names of an edition in the browser: names are downloaded once, and queries are never sent. */

import { key, matches, plainWords } from "./normal.ts";

/** `group`: index among the letter's groups. */
export interface Found {
  readonly name: string;
  readonly title: string;
  readonly group: number;
  readonly initials: boolean;
}

type Row = readonly [name: string, title: string, group: number, initials: number];
type Fetch = (path: string) => Promise<Response>;

/** The files of names are invalid, or the download failed. */
export class RollError extends Error {}

export class Roll {
  readonly #rows: readonly Row[];
  readonly #keys: readonly string[];

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
    this.#keys = rows.map(([name]) => key(name));
  }

  /** Downloads `shards` files from the page's directory. Throws RollError. */
  static async fetch(shards: number, fetcher: Fetch): Promise<Roll> {
    const files = await Promise.all(Array.from({ length: shards }, (_, index) => rowsOf(`names-${index}.json`, fetcher)));
    return new Roll(files.flat());
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The names that match a query, sorted for `language`: all are counted, the first `most` returned. */
  find(question: string, group: number | null, language: string, most: number): { count: number; first: Found[] } {
    const wanted = plainWords(question);
    if (!wanted.length) return { count: 0, first: [] };
    const found: Row[] = [];
    for (const [index, kept] of this.#keys.entries()) {
      const row = this.#rows[index] as Row;
      if ((group === null || row[2] === group) && matches(kept, wanted)) found.push(row);
    }
    const order = new Intl.Collator(language).compare;
    // Sorting many thousands to show a hundred would be slow: beyond 5,000, keep the order of the files.
    const few = found.length > 5000 ? found.slice(0, most) : found;
    few.sort((a, b) => order(a[0], b[0]));
    const first = few.slice(0, most).map(([name, title, place, initials]) => ({ name, title, group: place, initials: initials === 1 }));
    return { count: found.length, first };
  }
}

async function rowsOf(path: string, fetcher: Fetch): Promise<Row[]> {
  let answer: Response;
  try {
    answer = await fetcher(path);
  } catch {
    throw new RollError(`${path} could not be fetched`);
  }
  const rows: unknown = answer.ok ? await answer.json().catch(() => null) : null;
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new RollError(`${path} holds no names`);
  return rows;
}

function isRow(value: unknown): value is Row {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [name, title, group, initials] = value as unknown[];
  return typeof name === "string" && typeof title === "string" && typeof group === "number" && typeof initials === "number";
}
