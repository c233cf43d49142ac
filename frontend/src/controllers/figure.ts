/** Numbers as the page's language writes them, in the digits the rest of the page has. */

export function figure(value: number, language = pageLanguage()): string {
  return value.toLocaleString(localeOf(language));
}

/** The locale for a page's language. Browsers do not agree on the digits of Arabic without a country; the site has its own. */
export function localeOf(language = pageLanguage()): string {
  return language === "ar" ? "ar-u-nu-arab" : language;
}

function pageLanguage(): string {
  return document.documentElement.lang || "en";
}
