/** Numbers as the page's language writes them, in the digits the rest of the page has. */

/** A language's digits, as undersigned/languages/figures.py has them (a test compares): browsers do not agree on them. */
const DIGITS: Readonly<Record<string, string>> = {
  ar: "arab", fa: "arabext",
  "ar-AE": "latn", "ar-DZ": "latn", "ar-EH": "latn", "ar-LY": "latn", "ar-MA": "latn", "ar-TN": "latn",
};

export function figure(value: number, language = pageLanguage()): string {
  // Grouped always, as the server does: browsers leave four Spanish or Polish digits together.
  return value.toLocaleString(localeOf(language), { useGrouping: true });
}

/** A length of time as the page's language says it, rounded up to whole minutes, or hours from two hours on. */
export function duration(seconds: number, language = pageLanguage()): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const [value, unit] = minutes < 120 ? [minutes, "minute"] : [Math.ceil(minutes / 60), "hour"];
  return new Intl.NumberFormat(localeOf(language), { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** The locale for a page's language, its digits set. */
export function localeOf(language = pageLanguage()): string {
  const digits = DIGITS[language] ?? DIGITS[language.split("-")[0] as string] ?? "latn";
  return `${language.split("-u-")[0]}-u-nu-${digits}`;
}

function pageLanguage(): string {
  return document.documentElement.lang || "en";
}
