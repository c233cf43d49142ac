/**
 * Messages with figures in them: the part of ICU's grammar that findings use.
 *
 * `{name}` is a place, `{name, plural, =0 {..} one {..} other {..}}` a choice by the language's plural rules, in which `#` is
 * the number. Every language of the site has its own message for each finding; a test compares what this makes of them
 * with ICU's own.
 */

export type Branches = { readonly [category: string]: Message };
export type Message = readonly (string | { readonly place: string } | { readonly place: string; readonly branches: Branches })[];

/** What a language makes of a number: how it is written, and which plural it takes. */
export interface Figures {
  readonly write: (value: number) => string;
  readonly category: (value: number) => string;
}

const ENGLISH: Figures = { write: String, category: (value) => (value === 1 ? "one" : "other") };
const parsed = new Map<string, Message>();

/**
 * A message with its parameters in their places, as the parts it consists of: text of the message, and values.
 *
 * `value`: gives what stands for a parameter that is no number.
 */
export function format<T>(
  pattern: string,
  parameters: { readonly [name: string]: unknown },
  value: (found: unknown) => T | string,
  figures: Figures = ENGLISH,
): (T | string)[] {
  const message = parsed.get(pattern) ?? parse(pattern);
  parsed.set(pattern, message);
  return write(message, "#");

  function write(parts: Message, number: string): (T | string)[] {
    return parts.flatMap((part): (T | string)[] => {
      if (typeof part === "string") return [part.replaceAll("#", number)];
      const found = parameters[part.place];
      if (!("branches" in part)) return [typeof found === "number" ? figures.write(found) : value(found)];
      const { branches } = part;
      const count = found as number;
      const chosen = branches[`=${count}`] ?? branches[figures.category(count)] ?? (branches["other"] as Message);
      return write(chosen, figures.write(count));
    });
  }
}

/** Throws RangeError for what is no message: our mistake. */
export function parse(pattern: string): Message {
  const [message, rest] = readMessage(pattern);
  if (rest) throw new RangeError(`a message has a brace too many: ${pattern}`);
  return message;
}

/** The message at the start of `text`, up to a closing brace that belongs to its outside, and what follows. */
function readMessage(text: string): [Message, string] {
  const found: Message[number][] = [];
  let rest = text;
  while (rest && !rest.startsWith("}")) {
    const plain = /^[^{}]+/.exec(rest);
    const place = /^\{(\w+)\}/.exec(rest);
    const plural = /^\{(\w+), plural,/.exec(rest);
    const read = plain ?? place ?? plural;
    if (!read) throw new RangeError(`a message has a part that is neither a place nor a plural: ${rest}`);
    rest = rest.slice(read[0].length);
    if (plain) found.push(plain[0]);
    else if (place) found.push({ place: place[1] as string });
    else {
      const [branches, after] = readBranches(rest);
      found.push({ place: read[1] as string, branches });
      rest = after;
    }
  }
  return [found, rest];
}

/** The branches of a plural, and what follows its closing brace. */
function readBranches(text: string): [Branches, string] {
  const branches: { [category: string]: Message } = {};
  let rest = text;
  for (;;) {
    const branch = /^ *(=\d+|\w+) *\{/.exec(rest);
    if (!branch) break;
    const [inner, after] = readMessage(rest.slice(branch[0].length));
    branches[branch[1] as string] = inner;
    rest = after.slice(1);
  }
  if (!branches["other"] || !rest.startsWith("}")) throw new RangeError(`a plural has no branch "other", or does not end: ${rest}`);
  return [branches, rest.slice(1)];
}
