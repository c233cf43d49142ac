import type { Bytes } from "../src/protocol/bytes.ts";
import type { Platform } from "./platform.ts";

async function get(path: string): Promise<Bytes> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function getIfThere(path: string): Promise<Bytes | null> {
  const answer = await fetch(path);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

/** Everything comes from the server of `scripts/chromium.mjs`, which asks `platform.node.ts`. */
export const platform: Platform = {
  name: "browser",
  fixture: (name) => get(`/fixture/${name}`),
  outside: (name) => getIfThere(`/outside/${name}`),
  vector: (name) => getIfThere(`/vector/${name}`),
  python: async (question) => {
    const answer = await fetch("/python", { method: "POST", body: JSON.stringify(question) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  },
  letterbox: async () => (await fetch("/letterbox")).text(),
};
