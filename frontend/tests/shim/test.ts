/** As much of node:test as our tests use, for a browser. `run` is called by the page when all of them are loaded. */

interface Context {
  skip(reason?: string): void;
  diagnostic(message: string): void;
}
type Body = (context: Context) => void | Promise<void>;
export interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly skipped: string | null;
  readonly error: string | null;
  readonly notes: readonly string[];
}
interface Options {
  readonly skip?: boolean | string;
}

const queue: { name: string; body: Body; skip: string | null }[] = [];

export function test(name: string, first: Body | Options, second?: Body): void {
  const options = typeof first === "function" ? {} : first;
  const body = typeof first === "function" ? first : (second as Body);
  const skip = options.skip ? (options.skip === true ? "skipped" : options.skip) : null;
  queue.push({ name, body, skip });
}

export default test;

async function one({ name, body, skip }: (typeof queue)[number]): Promise<Result> {
  let skipped = skip;
  const notes: string[] = [];
  const context = {
    skip: (reason = "skipped") => {
      skipped = reason;
    },
    diagnostic: (message: string) => void notes.push(message),
  };
  try {
    if (!skipped) await body(context);
    return { name, ok: true, skipped, error: null, notes };
  } catch (error) {
    const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    return { name, ok: false, skipped, error: text, notes };
  }
}

/** Runs everything in order and reports each result as it comes. */
export async function run(report: (result: Result) => void): Promise<void> {
  for (const item of queue) report(await one(item));
}

/** What the page that runs tests has: `runTests` of this file, `reportTest` of its maker (scripts/chromium.mjs). */
export interface Page {
  runTests: typeof run;
  readonly reportTest: (result: Result) => void;
}
(globalThis as Partial<Page>).runTests = run;
