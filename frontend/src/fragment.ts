/**
 * What the forms load that take a code. Puts the code of a mail's link, which the browser keeps to itself, into the field,
 * and takes it out of the address. Without script the code is typed. Nothing is sent: that takes the button.
 */

const field = document.querySelector<HTMLInputElement>('input[name="code"]');
const found = decodeURIComponent(location.hash.slice(1));
if (field && /^[SW]-[0-9A-Z-]{20,30}$/.test(found)) {
  field.value = found;
  history.replaceState(null, "", location.pathname);
}

export {};
