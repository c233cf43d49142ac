/**
 * The script of the verifying worker (`verify-worker.js`). One of them verifies; it starts more of itself for the pieces.
 *
 * Everything happens here, off the page's thread: unpacking, hashing, signatures. Nothing leaves but progress and report.
 */

import * as base64url from "../protocol/base64url.ts";
import { MalformedError, ProtocolError } from "../protocol/errors.ts";
import { perform, type Work } from "../protocol/pieces.ts";
import { inline, type Runner, verifyBundle } from "../protocol/verify.ts";
import { looksLikeZip } from "../protocol/zip_profile.ts";
import { SigningError } from "../signing/errors.ts";
import { Site } from "../signing/site.ts";
import type { News, Order } from "./messages.ts";
import { type PieceAnswer, poolOf } from "./pool.ts";
import { DamagedError, LIMITS, ProfileError, unzip } from "./unzip.ts";

const scope = globalThis as unknown as {
  postMessage(message: News | PieceAnswer): void;
  onmessage: (event: MessageEvent<Order>) => void;
};

/** Bytes of a bundle below which starting more workers costs more than it saves: about 10,000 names. */
const LARGE = 32 * 1024 * 1024;

/** Pieces in the order they came: the pool counts on it. */
let before: Promise<void> = Promise.resolve();

scope.onmessage = ({ data: order }) => {
  if (order.kind === "piece") before = before.then(() => answer(order.work)).then((result) => scope.postMessage(result));
  else void verify(order).then((news) => scope.postMessage(news));
};

async function answer(work: Work): Promise<PieceAnswer> {
  try {
    return { result: await perform(work) };
  } catch (error) {
    return error instanceof MalformedError ? { malformed: error.message } : { broken: String(error) };
  }
}

async function verify(order: Exclude<Order, { kind: "piece" }>): Promise<News> {
  const progress = (step: string, done: number, total: number): void =>
    scope.postMessage({ kind: "progress", step, done, total });
  const hands: Worker[] = [];
  try {
    const letter = order.letter === null ? undefined : base64url.decode(order.letter, 32);
    const data = await bytesOf(order, progress);
    if (!looksLikeZip(data)) return { kind: "refused", reason: "This is not a zip." };
    const files = await unzip(data, (done, total) => progress("unpack", done, total));
    if (!isBundle(files)) return { kind: "refused", reason: "This is not a bundle: it holds no manifest.json, or no log." };
    hands.push(...startHands(order.hands ?? (data.length > LARGE ? Math.min(4, navigator.hardwareConcurrency) : 0)));
    const run: Runner = hands.length ? poolOf(hands) : inline;
    return { kind: "report", report: await verifyBundle(files, { letter, run, progress }) };
  } catch (error) {
    if (error instanceof ProfileError) {
      const reason = `This is not a bundle as we make them (${error.message}). Unpack it and check the folder with the command undersigned verify.`;
      return { kind: "refused", reason };
    }
    if (error instanceof DamagedError) return { kind: "refused", reason: `This bundle is not whole: ${error.message} in it. Get it again.` };
    if (error instanceof ProtocolError || error instanceof SigningError) return { kind: "refused", reason: error.message };
    return { kind: "refused", reason: `This browser could not do the check (${String(error)}).` };
  } finally {
    for (const hand of hands) hand.terminate();
  }
}

async function bytesOf(
  order: Exclude<Order, { kind: "piece" }>,
  progress: (step: string, done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  if (order.kind === "file") {
    if (order.file.size > LIMITS.all) throw new MalformedError("too large for a browser to check; the command undersigned verify can");
    return new Uint8Array(await order.file.arrayBuffer());
  }
  const site = new Site(order.base, (input, init) => fetch(input, init));
  return site.get("bundle.zip", LIMITS.all, (done, total) => progress("download", done, total));
}

/** Whether files are meant as a bundle, perhaps an incomplete one. */
function isBundle(files: ReadonlyMap<string, unknown>): boolean {
  return files.has("manifest.json") && [...files.keys()].some((path) => path.startsWith("log/"));
}

/** More of this very script. A browser that lets a worker have no workers does the pieces here. */
function startHands(number: number): Worker[] {
  if (number < 2 || typeof Worker === "undefined") return [];
  const { href } = (globalThis as unknown as { location: Location }).location;
  return Array.from({ length: number }, () => new Worker(href));
}
