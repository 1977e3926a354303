/** What the reader has used stays as it is: folded or unfolded, and where it is scrolled to. */
const touched = new WeakSet();

/** Notes which folds the reader takes into their own hands. */
export function watchTouches(root) {
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    root.addEventListener(kind, (event) => touchFolds(event.target), { passive: true });
  }
}

function touchFolds(target) {
  for (let fold = target.closest("details"); fold !== null; fold = fold.parentElement.closest("details")) {
    touched.add(fold);
  }
}

/**
 * Brings what is new on a fresh copy of the page into this one: contents of `data-live` are replaced,
 * `data-merge` is gone into, what is missing is added at its place, and the rest is left alone.
 */
export function merge(current, fresh) {
  takeAttributes(current, fresh);
  let before = null;
  for (const child of fresh.children) {
    const own = child.id === "" ? null : document.getElementById(child.id);
    if (child.id === "") continue;
    if (own === null) {
      const added = document.importNode(child, true);
      if (before === null) current.prepend(added);
      else before.after(added);
      before = added;
      continue;
    }
    before = own;
    if ("live" in child.dataset) replace(own, child);
    else if (own.tagName !== child.tagName) own.replaceWith(document.importNode(child, true));
    else if ("merge" in child.dataset) merge(own, child);
  }
}

function replace(own, fresh) {
  if (own.isEqualNode(fresh)) return;
  const held = own.contains(document.activeElement) ? document.activeElement : null;
  takeAttributes(own, fresh);
  own.replaceChildren(...document.importNode(fresh, true).childNodes);
  // The focus of the keyboard stays on the same kind of thing when its words have changed.
  if (held !== null && held !== own) own.querySelector(held.tagName)?.focus();
}

function takeAttributes(own, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (name !== "open" && own.getAttribute(name) !== value) own.setAttribute(name, value);
  }
  for (const name of own.getAttributeNames()) {
    if (name !== "open" && !fresh.hasAttribute(name)) own.removeAttribute(name);
  }
  if (own instanceof HTMLDetailsElement && !touched.has(own)) own.open = fresh.open;
}
