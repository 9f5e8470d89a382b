// Small helpers around elements. Texts are set as text, never as HTML.

export const byId = (id) => document.getElementById(id);

/** An element with a class and children (elements or texts). */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Set a text only where it differs, so that nothing is laid out again for nothing. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Bring the children of an element to these keys, in this order; what stays is kept as it is. */
export function keep(parent, keys, create) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = keys.map((key) => {
    const child = known.get(key) ?? create(key);
    child.dataset.key = key;
    return child;
  });
  for (const [key, child] of known) if (!keys.includes(key)) child.remove();
  wanted.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
  return wanted;
}
