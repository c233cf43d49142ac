/**
 * Normalises names and queries for search: a query typed on a phone finds a carefully spelled name.
 *
 * Case and marks do not matter (é, ё, niqqud, harakat), nor the several forms of one letter (final forms in Hebrew, the
 * alifs and their company in Arabic), nor hyphens, apostrophes and full stops between letters.
 */

const LETTERS: { readonly [letter: string]: string } = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", ħ: "h", ŧ: "t", þ: "th", ı: "i", ŋ: "n",
  ך: "כ", ם: "מ", ן: "נ", ף: "פ", ץ: "צ", װ: "וו", ױ: "וי", ײ: "יי",
  ٱ: "ا", ى: "ي", ئ: "ي", ؤ: "و", ة: "ه", ک: "ك", ی: "ي", ھ: "ه", ہ: "ه", ς: "σ",
}; // prettier-ignore

const OTHER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");

/** The words of a name or a question, each in its plain spelling. */
export function plainWords(text: string): string[] {
  return text
    .normalize("NFKD")
    .toLowerCase()
    // Marks, the tatweel that only stretches a word, and what has no width.
    .replace(/[\p{M}\u0640\p{Cf}]/gu, "")
    .replace(OTHER, (letter) => LETTERS[letter] ?? letter)
    // A mark within a word (O’Sample, י׳, ד״ר) is not a gap; a hyphen (כהן־לוי) is one.
    .replace(/['’‘`´"“”״׳.]/gu, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The search key of a name: its words, each after a space, so that " mü" finds the start of a word. */
export function key(name: string): string {
  return plainWords(name).map((word) => ` ${word}`).join("");
}

/** Whether each word of the question begins a word of the name. `question`: of `plainWords`; `kept`: of `key`. */
export function matches(kept: string, question: readonly string[]): boolean {
  return question.every((word) => kept.includes(` ${word}`));
}
