/** The state of a running verification: the bundle, the results of earlier steps, and the worker pool. */

import type * as bundle from "./bundle.ts";
import type { Bytes } from "./bytes.ts";
import type * as checkpoint from "./checkpoint.ts";
import * as entries from "./entries.ts";
import { MissingError, ProtocolError } from "./errors.ts";
import { finding } from "./finding.ts";
import type { Manifest } from "./manifest.ts";
import type { Opened } from "./opening.ts";
import type { Result, Work } from "./pieces.ts";
import { empty, type Report } from "./report.ts";
import { Standing } from "./standing.ts";
import * as tiles from "./tiles.ts";

/** Called with a step's name, how much of it is done, and how much there is. */
export type Progress = (step: string, done: number, total: number) => void;

/** Does pieces of work, perhaps several at once, and gives their results in order. */
export type Runner = (work: Iterable<Work>) => AsyncIterable<Result>;

/** The state between steps. */
export class Verification {
  readonly report: Report = empty();
  readonly verdicts = new Map<string, Opened>();
  readonly roots = new Map<number, Bytes>();
  manifest!: Manifest;
  source!: Bytes;
  checkpoint!: checkpoint.Checkpoint;
  standing!: Standing;
  letter = "";
  cosigned = 0;
  leaves: ReadonlySet<string> | null = null;

  constructor(
    readonly files: bundle.Files,
    readonly expected: Bytes | undefined,
    readonly run: Runner,
    readonly progress: Progress,
  ) {}

  /** A file of the bundle. Throws MissingError if it is not there. */
  read(path: string): Bytes {
    const data = this.files.get(path);
    if (!data) throw new MissingError(finding("missing", { path }));
    return data;
  }

  /** Throws MissingError, naming it, if one of `paths` is not there. Takes no more of them than there are. */
  require(paths: Iterable<string>): void {
    for (const path of paths) if (!this.files.has(path)) throw new MissingError(finding("missing", { path }));
  }

  readonly readLog = (path: string): Bytes => this.read(`log/${path}`);

  /** The fold over the log's first `size` entries. Throws what keeps one from standing, with its index. */
  fold(size: number): Standing {
    const standing = new Standing(this.manifest);
    let index = 0;
    // The bundle's tiles are those of the whole log: a shorter one has no partial tiles of its own there.
    for (const data of tiles.readEntries(this.checkpoint.size, this.readLog, 1)) {
      index += 1;
      if (index >= size) break;
      try {
        standing.apply(entries.parse(data));
      } catch (error) {
        throw error instanceof ProtocolError ? error.within((because) => finding("entry", { index, because })) : error;
      }
    }
    return standing;
  }
}
