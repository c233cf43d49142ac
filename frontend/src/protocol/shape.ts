/**
 * Schema validation: a shape takes a parsed value and returns it typed, or throws MalformedError.
 *
 * What msgspec's structs are in Python. Unknown fields are refused; an optional field may be missing but not hold its
 * default (Python leaves defaults out when writing, so such bytes would not be the canonical ones).
 */

import { type Json, MAX_INTEGER } from "./canonical.ts";
import { MalformedError } from "./errors.ts";
import { finding } from "./finding.ts";

export type Shape<T> = (value: Json) => T;
type Fields = Record<string, Shape<unknown>>;
type Typed<F extends Fields> = { readonly [K in keyof F]: F[K] extends Shape<infer T> ? T : never };
type TypedOptional<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Shape<infer T> ? T : never };

/** The type a shape gives. */
export type Of<S> = S extends Shape<infer T> ? T : never;

function refuse(what: string): never {
  throw new MalformedError(finding("json-form"), what);
}

/** Any string. */
export const string: Shape<string> = (value) => (typeof value === "string" ? value : refuse("a value is not a string"));

/** Any string but the empty one: for a field whose default in Python is empty, which is never written. */
export const filled: Shape<string> = (value) => (value === "" ? refuse("a field holds its default") : string(value));

/** True or false. */
export const boolean: Shape<boolean> = (value) =>
  typeof value === "boolean" ? value : refuse("a value is neither true nor false");

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number = MAX_INTEGER): Shape<number> {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? value
      : refuse(`a value is not a whole number from ${least} to ${most}`);
}

/** A number of people or entries. */
export const count = integer(0);

/** One of these very values. */
export function one<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return (value) =>
    (values as readonly Json[]).includes(value) ? (value as T) : refuse(`a value is none of ${values.join(", ")}`);
}

/** `shape`, or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value));
}

/** A list of `shape`. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value) => (Array.isArray(value) ? (value as Json[]).map(shape) : refuse("a value is not a list"));
}

/** A list of exactly these two. */
export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> {
  return (value) =>
    Array.isArray(value) && value.length === 2
      ? [first(value[0] as Json), second(value[1] as Json)]
      : refuse("a value is not a pair");
}

/** An object that maps any keys to `shape`. */
export function dictionary<T>(shape: Shape<T>): Shape<{ readonly [key: string]: T }> {
  return (value) => Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, item]) => [key, shape(item)]));
}

/** An object with exactly these fields, and perhaps the optional ones. */
export function object<F extends Fields, O extends Fields = Record<never, never>>(
  required: F,
  optional?: O,
): Shape<Typed<F> & TypedOptional<O>> {
  return (value) => {
    const fields = fieldsOf(value);
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(fields)) {
      const shape = own(required, key) ?? own(optional, key);
      if (!shape) refuse("a field is unknown");
      result[key] = shape(item);
    }
    for (const key of Object.keys(required)) {
      if (!Object.hasOwn(fields, key)) refuse(`the field ${key} is missing`);
    }
    return result as Typed<F> & TypedOptional<O>;
  };
}

/** An object told from others by its field `type`. */
export function union<T>(shapes: { readonly [type: string]: Shape<T> }): Shape<T> {
  return (value) => {
    const type = fieldsOf(value)["type"];
    const shape = typeof type === "string" ? own(shapes, type) : undefined;
    return shape ? shape(value) : refuse("its type is unknown");
  };
}

function own<T>(fields: { readonly [key: string]: T } | undefined, key: string): T | undefined {
  return fields && Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function fieldsOf(value: Json): { readonly [key: string]: Json } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("a value is not an object");
  return value as { readonly [key: string]: Json };
}
