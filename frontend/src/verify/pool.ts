/** Workers that share the heavy pieces of a verification between them, and give the results back in order. */

import { MalformedError } from "../protocol/errors.ts";
import type { Finding } from "../protocol/finding.ts";
import type { Result, Work } from "../protocol/pieces.ts";
import type { Runner } from "../protocol/verification.ts";

/** What a worker answers to a piece: its result, or what made it fail. */
export type PieceAnswer = { readonly result: Result } | { readonly malformed: Finding } | { readonly broken: string };

/** What is needed of a Worker. */
export type Hand = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

/** How many pieces lie ready for each worker, so that none waits and memory stays flat. */
const AHEAD = 2;

/** Runs pieces on `hands`, a few at a time on each. */
export function poolOf(hands: readonly Hand[]): Runner {
  const queues = hands.map((hand) => new Queue(hand));
  return async function* (work) {
    const pending: Promise<PieceAnswer>[] = [];
    let next = 0;
    for (const piece of work) {
      const answer = (queues[next++ % queues.length] as Queue).put(piece);
      // Awaited in order below: until then a failure must not count as unhandled.
      answer.catch(() => {});
      pending.push(answer);
      if (pending.length >= AHEAD * queues.length) yield unwrap(await (pending.shift() as Promise<PieceAnswer>));
    }
    for (const answer of pending) yield unwrap(await answer);
  };
}

function unwrap(answer: PieceAnswer): Result {
  if ("malformed" in answer) throw new MalformedError(answer.malformed);
  if ("broken" in answer) throw new Error(answer.broken);
  return answer.result;
}

/** One worker's pieces: it answers them in the order they were put. */
class Queue {
  private readonly waiting: { resolve(answer: PieceAnswer): void; reject(error: Error): void }[] = [];

  constructor(private readonly hand: Hand) {
    hand.onmessage = ({ data }: MessageEvent<PieceAnswer>) => this.waiting.shift()?.resolve(data);
    hand.onerror = () => {
      for (const one of this.waiting.splice(0)) one.reject(new Error("a worker could not be started"));
    };
  }

  put(piece: Work): Promise<PieceAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.hand.postMessage({ kind: "piece", work: piece });
    });
  }
}
