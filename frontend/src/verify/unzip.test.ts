import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "#platform";
import { MalformedError } from "../protocol/errors.ts";
import { LIMITS, unzip } from "./unzip.ts";

test("stored and deflated zips of one bundle hold the same files", async () => {
  const [stored, deflated] = await Promise.all(["stored.zip", "early.zip"].map((name) => platform.fixture(name)));
  const files = await unzip(stored as never);
  assert.ok(files.has("manifest.json") && files.size > 8);
  assert.deepEqual([...files], [...(await unzip(deflated as never))]);
});

test("a zip with one byte changed anywhere is refused, or holds exactly the same files", async (t) => {
  const data = await platform.fixture("early.zip");
  const whole = JSON.stringify([...(await unzip(data))].map(([path, file]) => [path, file.length]));
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const changed = data.slice();
    // Half of them in the directory at the end, where a zip can be made to say anything.
    const at = Math.floor(Math.random() * (i % 2 ? data.length : 2000)) + (i % 2 ? 0 : data.length - 2000);
    changed[at] = (changed[at] as number) ^ (1 << i % 8);
    try {
      const files = await unzip(changed);
      const known = JSON.stringify([...files].map(([path, file]) => [path, file.length]));
      if (known !== whole) assert.notEqual(files.size, 0); // another name for a file: the verifier's last step says so
    } catch (error) {
      assert.ok(error instanceof MalformedError, String(error));
      refused += 1;
    }
  }
  t.diagnostic(`${refused} of 300 refused`);
  assert.ok(refused > 150);
});

test("cut short, empty, or no zip at all: refused", async () => {
  const data = await platform.fixture("early.zip");
  for (const length of [0, 1, 21, 22, 1000, data.length - 1]) await assert.rejects(unzip(data.slice(0, length)), MalformedError);
  await assert.rejects(unzip(new TextEncoder().encode("x".repeat(5000))), MalformedError);
});

test("a bomb is refused before it is unpacked: by files, by one file's size, by all sizes, by a size that lies", async () => {
  const data = await platform.fixture("early.zip");
  await assert.rejects(unzip(data, undefined, { ...LIMITS, files: 3 }), /more than 3 files/);
  await assert.rejects(unzip(data, undefined, { ...LIMITS, one: 1000 }), /too large/);
  await assert.rejects(unzip(data, undefined, { ...LIMITS, all: 20_000 }), /too large/);
  const bomb = zeros(8 * 1024 * 1024);
  await assert.rejects(unzip(await zipOf(bomb, 1000)), /larger than the zip says/);
  await assert.rejects(unzip(await zipOf(bomb, bomb.length + 1)), /smaller than the zip says/);
  assert.equal((await unzip(await zipOf(bomb, bomb.length), undefined)).size, 1);
});

function zeros(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length);
}

/** A zip of one deflated file of zeros that claims another size. */
async function zipOf(content: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const zip = new Uint8Array(30 + 1 + packed.length + 46 + 1 + 22);
  const view = new DataView(zip.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(26, 1, true);
  zip[30] = 120;
  zip.set(packed, 31);
  const at = 31 + packed.length;
  view.setUint32(at, 0x02014b50, true);
  view.setUint16(at + 10, 8, true);
  view.setUint32(at + 16, crcOfZeros(content.length), true);
  view.setUint32(at + 20, packed.length, true);
  view.setUint32(at + 24, size, true);
  view.setUint16(at + 28, 1, true);
  zip[at + 46] = 120;
  const end = at + 47;
  view.setUint32(end, 0x06054b50, true);
  view.setUint16(end + 8, 1, true);
  view.setUint16(end + 10, 1, true);
  view.setUint32(end + 12, 47, true);
  view.setUint32(end + 16, at, true);
  return zip;
}

function crcOfZeros(length: number): number {
  let value = 0xffffffff;
  for (let i = 0; i < 8 * length; i++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return ~value >>> 0;
}
