/**
 * Entry point of forms with a code field: fills in the code from the link's fragment, which browsers never send, and
 * removes it from the address. Without JavaScript people type the code. Nothing is sent before the button is pressed.
 */

const field = document.querySelector<HTMLInputElement>('input[name="code"]');
const found = decodeURIComponent(location.hash.slice(1));
if (field && /^[SW]-[0-9A-Z-]{20,30}$/.test(found)) {
  field.value = found;
  history.replaceState(null, "", location.pathname);
}

export {};
