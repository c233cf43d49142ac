/**
 * The script of the verifying worker (`verify-worker.js`). One of them verifies; it starts more of itself for the pieces.
 *
 * Everything happens here, off the page's thread: unpacking, hashing, signatures. Nothing leaves but progress and report.
 */

import * as base64url from "../protocol/base64url.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { MalformedError, ProtocolError } from "../protocol/errors.ts";
import { finding } from "../protocol/finding.ts";
import { perform, type Work } from "../protocol/pieces.ts";
import type { Runner } from "../protocol/verification.ts";
import { inline, verifyBundle } from "../protocol/verify.ts";
import { looksLikeZip } from "../protocol/zip_profile.ts";
import { ProblemError, SigningError, UnreachableError } from "../signing/errors.ts";
import { Site } from "../signing/site.ts";
import { bundleIn, readFolder } from "./folder.ts";
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
    return error instanceof MalformedError ? { malformed: error.finding } : { broken: String(error) };
  }
}

async function verify(order: Exclude<Order, { kind: "piece" }>): Promise<News> {
  const progress = (step: string, done: number, total: number): void =>
    scope.postMessage({ kind: "progress", step, done, total });
  const hands: Worker[] = [];
  try {
    const letter = order.letter === null ? undefined : base64url.decode(order.letter, 32);
    const { files, ignored } = await filesOf(order, progress);
    const size = [...files.values()].reduce((sum, data) => sum + data.length, 0);
    hands.push(...startHands(order.hands ?? (size > LARGE ? Math.min(4, navigator.hardwareConcurrency) : 0)));
    const run: Runner = hands.length ? poolOf(hands) : inline;
    return { kind: "report", report: await verifyBundle(files, { letter, run, progress }), ignored };
  } catch (error) {
    if (error instanceof ProfileError) return { kind: "refused", finding: finding("zip-profile", { because: error.finding }) };
    if (error instanceof DamagedError) return { kind: "refused", finding: finding("zip-damaged", { path: error.path }) };
    if (error instanceof ProtocolError) return { kind: "refused", finding: error.finding };
    if (error instanceof SigningError) return { kind: "unreached", reason: error.message };
    return { kind: "refused", finding: finding("browser-failed", { text: String(error) }) };
  } finally {
    for (const hand of hands) hand.terminate();
  }
}

type Progress = (step: string, done: number, total: number) => void;

/** The files of a bundle, and what lay beside them. Throws ProtocolError, SigningError. */
async function filesOf(
  order: Exclude<Order, { kind: "piece" }>,
  progress: Progress,
): Promise<{ files: Map<string, Bytes>; ignored: readonly string[] }> {
  const unpacking = (done: number, total: number): void => progress("unpack", done, total);
  if (order.kind === "folder") {
    const { files, litter } = bundleIn(order.files);
    return { files: await readFolder(files, unpacking), ignored: litter };
  }
  const data = await bytesOf(order, progress);
  if (!looksLikeZip(data)) throw new MalformedError(finding("not-zip"));
  const files = await unzip(data, unpacking);
  if (!files.has("manifest.json") || ![...files.keys()].some((path) => path.startsWith("log/"))) {
    throw new MalformedError(finding("not-bundle"));
  }
  return { files, ignored: [] };
}

async function bytesOf(order: Exclude<Order, { kind: "piece" | "folder" }>, progress: Progress): Promise<Bytes> {
  if (order.kind === "file") {
    if (order.file.size > LIMITS.all) throw new MalformedError(finding("browser-size"));
    return new Uint8Array(await order.file.arrayBuffer());
  }
  const site = new Site(order.base, (input, init) => fetch(input, init));
  try {
    return await site.get("bundle.zip", LIMITS.all, (done, total) => progress("download", done, total));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) {
      throw new UnreachableError("There is no bundle here just now: the site makes it anew when a name has to go. Try again in some minutes.");
    }
    throw error;
  }
}

/** More of this very script. A browser that lets a worker have no workers does the pieces here. */
function startHands(number: number): Worker[] {
  if (number < 2 || typeof Worker === "undefined") return [];
  const { href } = (globalThis as unknown as { location: Location }).location;
  return Array.from({ length: number }, () => new Worker(href));
}
