/** What page and worker say to each other. */

import type { Finding } from "../protocol/finding.ts";
import type { Work } from "../protocol/pieces.ts";
import type { Report } from "../protocol/report.ts";
import type { FolderFile } from "./folder.ts";

/** To a worker. `letter`: the letter id expected, base64url, or null; `hands`: how many workers of its own to use,
 * or null: as the bundle's size calls for. */
export type Order =
  | { readonly kind: "piece"; readonly work: Work }
  | { readonly kind: "file"; readonly file: Blob; readonly letter: string | null; readonly hands: number | null }
  | { readonly kind: "folder"; readonly files: readonly FolderFile[]; readonly letter: string | null; readonly hands: number | null }
  | { readonly kind: "site"; readonly base: string; readonly letter: string | null; readonly hands: number | null };

/** From the worker that verifies. `ignored`: what desktops left in a folder; `refused`: there was no bundle to check, and
 * why; `unreached`: the site did not give one, and why. */
export type News =
  | { readonly kind: "progress"; readonly step: string; readonly done: number; readonly total: number }
  | { readonly kind: "report"; readonly report: Report; readonly ignored: readonly string[] }
  | { readonly kind: "refused"; readonly finding: Finding }
  | { readonly kind: "unreached"; readonly reason: string };
