/** Numbers as the page's language writes them, in the digits the rest of the page has. */

/** A language's digits, as undersigned/languages/figures.py has them (a test compares): browsers do not agree on them. */
const DIGITS: Readonly<Record<string, string>> = {
  ar: "arab", fa: "arabext",
  "ar-AE": "latn", "ar-DZ": "latn", "ar-EH": "latn", "ar-LY": "latn", "ar-MA": "latn", "ar-TN": "latn",
};

export function figure(value: number, language = pageLanguage()): string {
  return value.toLocaleString(localeOf(language));
}

/** The locale for a page's language, its digits set. */
export function localeOf(language = pageLanguage()): string {
  const digits = DIGITS[language] ?? DIGITS[language.split("-")[0] as string] ?? "latn";
  return `${language.split("-u-")[0]}-u-nu-${digits}`;
}

function pageLanguage(): string {
  return document.documentElement.lang || "en";
}
