// A list to search and choose from: items are {label, note, value}.
let pickers = 0;
function picker(what, items, choose) {
  const id = 'picker-' + ++pickers;
  let visible = [];
  let chosen = null;
  const box = element('ul', {role: 'listbox', id, tabindex: 0, 'aria-label': what});
  const search = element('input', {
    type: 'search',
    placeholder: `Search ${items.length} ${what}`,
    'aria-label': `Search ${what}`,
    'aria-controls': id,
    autocomplete: 'off',
    spellcheck: 'false',
  });

  function fill() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    visible = items.filter((item) =>
      words.every((word) => text(item.label).toLowerCase().includes(word)),
    );
    box.replaceChildren(
      ...visible.map((item) =>
        element(
          'li',
          {
            role: 'option',
            'aria-selected': item === chosen,
            on: {click: () => pick(item)},
          },
          element('span', {}, name(item.label)),
          element('b', {}, item.note),
        ),
      ),
    );
    if (visible.length === 0) box.append(element('li', {class: 'none'}, 'None has this name.'));
  }

  // Within the list: the page does not move.
  function reveal() {
    const line = box.children[visible.indexOf(chosen)];
    if (!line) return;
    const top = line.offsetTop - box.offsetTop;
    if (top < box.scrollTop || top + line.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = top - box.clientHeight / 2 + line.offsetHeight / 2;
    }
  }

  function pick(item) {
    chosen = item;
    visible.forEach((other, at) =>
      box.children[at].setAttribute('aria-selected', String(other === item)),
    );
    reveal();
    choose(item.value);
  }

  function key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step || visible.length === 0) return;
    event.preventDefault();
    const at = visible.indexOf(chosen);
    pick(visible[Math.min(Math.max(at + step, 0), visible.length - 1)]);
  }

  search.addEventListener('input', fill);
  search.addEventListener('keydown', key);
  box.addEventListener('keydown', key);
  fill();
  whenShown.push(reveal);
  return {
    node: element('div', {class: 'picker'}, search, box),
    pick(value) {
      const item = items.find((one) => one.value === value);
      if (!item) return;
      if (!visible.includes(item)) {
        search.value = '';
        fill();
      }
      pick(item);
    },
  };
}
