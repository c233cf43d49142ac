/**
 * HTTP to a letter's site: bounded, never redirected, patient with a busy one (docs/reference/http.md).
 *
 * Requests are sent again: the protocol makes doing them twice the same as doing them once.
 */

import type { Bytes } from "../protocol/bytes.ts";
import * as canonical from "../protocol/canonical.ts";
import { MalformedError } from "../protocol/errors.ts";
import { AnswerError, ProblemError, SigningError, UnreachableError } from "./errors.ts";

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Bytes of an answer that is kept in memory. */
export const MAX_ANSWER = 16 * 1024 * 1024;
const ATTEMPTS = 5;
/** How long what is fetched may come however slowly, and how many bytes a second it brings on the average after that. */
export const GRACE = 30_000;
const RATE = 256;
const PREFIX = "urn:undersigned:problem:";

/** Is told the status of what was answered, and at which attempt: 1 is the first. */
export type Told = (status: number, attempt: number) => void;

/** Waits so many milliseconds. Handed in by tests, which do not wait. */
export type Pause = (milliseconds: number) => Promise<void>;
const sleep: Pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One letter's site. `base`: its address, ending in a slash. */
export class Site {
  constructor(
    readonly base: string,
    private readonly fetcher: Fetch,
    private readonly pause: Pause = sleep,
    /** Milliseconds. */
    private readonly grace: number = GRACE,
  ) {}

  /** The bytes at `path`. Throws SigningError. */
  get(path: string, limit: number = MAX_ANSWER, progress?: (bytes: number, of: number) => void): Promise<Bytes> {
    return this.send(path, { method: "GET", cache: "no-cache" }, limit, progress);
  }

  /** Sends `value` as canonical JSON; gives the answer's JSON. `told`: its status, and at which attempt. Throws SigningError. */
  async post(path: string, value: unknown, told?: Told): Promise<canonical.Json> {
    const headers = { "content-type": "application/json" };
    const data = await this.send(path, { method: "POST", headers, body: canonical.encode(value) }, MAX_ANSWER, undefined, told);
    try {
      return canonical.decode(data, MAX_ANSWER);
    } catch (error) {
      if (error instanceof MalformedError) throw new AnswerError(`the site's answer is not right: ${error.message}`);
      throw error;
    }
  }

  private async send(
    path: string,
    init: RequestInit,
    limit: number,
    progress?: (bytes: number, of: number) => void,
    told?: Told,
  ): Promise<Bytes> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(path, init, limit, progress, (status) => told?.(status, attempt));
      } catch (error) {
        if (!(error instanceof UnreachableError) || attempt === ATTEMPTS) throw error;
      }
      // A little randomness keeps a thousand waiting phones from coming back at the same moment.
      await this.pause(250 * 2 ** attempt * (0.5 + Math.random()));
    }
  }

  private async once(
    path: string,
    init: RequestInit,
    limit: number,
    progress: ((bytes: number, of: number) => void) | undefined,
    told: (status: number) => void,
  ): Promise<Bytes> {
    // No cookies, no address of this page, no redirect: a letter is where its origin says, or it is not there.
    const rules = { credentials: "omit", referrerPolicy: "no-referrer", redirect: "error" } as const;
    const watch = new Watch(init.method === "GET" ? this.grace : Infinity);
    try {
      const answer = await this.fetcher(this.base + path, { ...init, ...rules, signal: watch.signal });
      if (!answer.ok) throw await problem(answer);
      told(answer.status);
      const total = Number(answer.headers.get("content-length") ?? 0);
      return await bounded(answer, limit, (bytes) => {
        watch.got = bytes;
        progress?.(bytes, total);
      });
    } catch (error) {
      if (watch.signal.aborted) throw new AnswerError("The site sends its answer so slowly that it would not end. Try again later, or from another network.");
      if (error instanceof SigningError) throw error;
      throw new UnreachableError("The site cannot be reached. Nothing is lost: try again.");
    } finally {
      watch.end();
    }
  }
}

/** Ends a slow answer: one byte every two seconds would take forever. `got`: the bytes received so far. */
class Watch {
  got = 0;
  private readonly ending = new AbortController();
  private readonly began = performance.now();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly grace: number) {
    this.timer = setInterval(() => this.look(), Math.min(1000, grace / 4));
  }

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const late = (performance.now() - this.began - this.grace) / 1000;
    if (late > 0 && this.got < late * RATE) this.ending.abort();
  }
}

/** The body of an answer, refused as soon as it is too long. */
async function bounded(answer: Response, limit: number, progress: (bytes: number) => void): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = answer.body?.getReader();
  for (;;) {
    const part = await reader?.read().catch(() => {
      throw new UnreachableError("The connection was lost. Nothing is lost: try again.");
    });
    if (!part || part.done) break;
    length += part.value.length;
    if (length > limit) {
      await reader?.cancel();
      throw new AnswerError(`the site's answer is larger than ${limit} bytes`);
    }
    parts.push(part.value);
    progress(length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The error an answer stands for, whatever its bytes are. */
async function problem(answer: Response): Promise<Error> {
  const fields = (await answer.json().catch(() => null)) as { type?: unknown; detail?: unknown } | null;
  const type = typeof fields?.type === "string" ? fields.type : "";
  const detail = typeof fields?.detail === "string" ? fields.detail.slice(0, 2000) : "";
  const code = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : "unknown";
  if (code === "busy" || [502, 503, 504].includes(answer.status)) {
    return new UnreachableError(detail || "The site is busy. Nothing is lost: try again.");
  }
  return new ProblemError(code, answer.status, detail || `The site answered with status ${answer.status}.`);
}
