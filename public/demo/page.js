/* The elements of the demo's page. */

/** The element with this id. @param {string} id */
export function at(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** The text field with this id. @param {string} id */
export const field = (id) => /** @type {HTMLInputElement} */ (at(id));

/**
 * Every element that `selector` finds.
 * @param {string} selector
 * @returns {NodeListOf<HTMLElement>}
 */
export const all = (selector) => document.querySelectorAll(selector);
