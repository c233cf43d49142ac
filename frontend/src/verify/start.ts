/** Starts a verification from a page: of a bundle that a visitor dropped, or of a letter on its own site. */

import { type Finding, finding, sentenceOf } from "../protocol/finding.ts";
import type { Report } from "../protocol/report.ts";
import { UnreachableError } from "../signing/errors.ts";
import type { FolderFile } from "./folder.ts";
import type { News, Order } from "./messages.ts";

/** What to verify: a bundle as one file or a folder's, or the address of a letter, ending in a slash. */
export type Source = { readonly file: Blob } | { readonly folder: readonly FolderFile[] } | { readonly base: string };

export interface Verifying {
  /** Address of `verify-worker.js`. */
  readonly script: string;
  /** The letter id expected, base64url, if known from elsewhere. */
  readonly letter?: string | null;
  /** Called with what desktops left in a folder, if they did. */
  readonly ignored?: (paths: readonly string[]) => void;
  readonly progress?: (step: string, done: number, total: number) => void;
  /** How many workers share the pieces; by default as the bundle's size and the machine's cores call for. */
  readonly hands?: number;
}

/** There was no bundle to check. The finding says why. */
export class RefusedError extends Error {
  constructor(readonly finding: Finding) {
    super(sentenceOf(finding));
  }
}

/** Verifies off this thread. Throws RefusedError if there is nothing that could be checked, UnreachableError. */
export function verify(source: Source, { script, letter = null, progress, ignored, hands }: Verifying): Promise<Report> {
  const worker = new Worker(script);
  return new Promise<Report>((resolve, reject) => {
    worker.onerror = () => reject(new RefusedError(finding("browser-worker")));
    worker.onmessage = ({ data: news }: MessageEvent<News>) => {
      if (news.kind === "progress") progress?.(news.step, news.done, news.total);
      else if (news.kind === "report") {
        if (news.ignored.length) ignored?.(news.ignored);
        resolve(news.report);
      } else if (news.kind === "unreached") reject(new UnreachableError(news.reason));
      else reject(new RefusedError(news.finding));
    };
    const how = { letter, hands: hands ?? null };
    const order: Order =
      "file" in source
        ? { kind: "file", file: source.file, ...how }
        : "folder" in source
          ? { kind: "folder", files: source.folder, ...how }
          : { kind: "site", base: source.base, ...how };
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}
