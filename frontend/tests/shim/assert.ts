/** As much of node:assert/strict as our tests use, for a browser. */

class AssertionError extends Error {}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Array.from(value.slice(0, 64)).join(" ")}`;
  return JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v))?.slice(0, 400) ?? String(value);
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof Map || value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, plain(v)]));
}

function matches(error: unknown, expected: unknown): boolean {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") return error instanceof (expected as new () => Error);
  return Object.entries(expected as object).every(([key, value]) => {
    const found = (error as Record<string, unknown>)[key];
    return value instanceof RegExp ? value.test(String(found)) : found === value;
  });
}

const assert = {
  ok(value: unknown, message?: string): void {
    if (!value) throw new AssertionError(message ?? `${show(value)} is not true`);
  },
  equal(actual: unknown, expected: unknown, message = ""): void {
    if (!Object.is(actual, expected)) throw new AssertionError(`${message} ${show(actual)} is not ${show(expected)}`);
  },
  notEqual(actual: unknown, expected: unknown, message = ""): void {
    if (Object.is(actual, expected)) throw new AssertionError(`${message} both are ${show(actual)}`);
  },
  deepEqual(actual: unknown, expected: unknown, message = ""): void {
    const write = (value: unknown): string =>
      JSON.stringify(plain(value), (_, v: unknown) => (v === undefined ? "undefined" : v)) ?? "undefined";
    if (write(actual) !== write(expected)) {
      throw new AssertionError(`${message} ${show(actual)} is not ${show(expected)}`);
    }
  },
  match(actual: string, expected: RegExp): void {
    if (!expected.test(actual)) throw new AssertionError(`${show(actual)} does not match ${expected}`);
  },
  throws(body: () => unknown, expected?: unknown, message = ""): void {
    try {
      body();
    } catch (error) {
      if (matches(error, expected)) return;
      throw new AssertionError(`${message} threw ${String(error)} instead of ${String(expected)}`);
    }
    throw new AssertionError(`${message} nothing was thrown`);
  },
  async rejects(body: Promise<unknown> | (() => Promise<unknown>), expected?: unknown, message = ""): Promise<void> {
    try {
      await (typeof body === "function" ? body() : body);
    } catch (error) {
      if (matches(error, expected)) return;
      throw new AssertionError(`${message} rejected with ${String(error)} instead of ${String(expected)}`);
    }
    throw new AssertionError(`${message} nothing was rejected`);
  },
  fail(message: string): never {
    throw new AssertionError(message);
  },
};

export default assert;
