// A table: columns are {title, cell(row), value(row), number, wide, kind}. With `value` a column can be
// sorted; `wide` ones are left out on a phone. Options: limit (rows shown at first), click(row), tall.
function table(columns, rows, options = {}) {
  let shown = rows.slice();
  let sorted = null; // {column, sign}
  let all = !options.limit || rows.length <= options.limit + 5;
  const body = element('tbody');
  const heads = columns.map((column) =>
    element(
      'th',
      {scope: 'col', class: classOf(column)},
      column.value
        ? element('button', {type: 'button', on: {click: () => sortBy(column)}}, column.title)
        : column.title,
    ),
  );
  const more = element('button', {
    type: 'button',
    on: {
      click: () => {
        all = true;
        fill();
      },
    },
  });

  function classOf(column) {
    return (
      [column.number && 'number', column.wide && 'wide', column.kind].filter(Boolean).join(' ') ||
      undefined
    );
  }

  function sortBy(column) {
    const first = column.number ? -1 : 1;
    sorted = {column, sign: sorted && sorted.column === column ? -sorted.sign : first};
    columns.forEach((other, at) => heads[at].removeAttribute('aria-sort'));
    heads[columns.indexOf(column)].setAttribute(
      'aria-sort',
      sorted.sign > 0 ? 'ascending' : 'descending',
    );
    fill();
  }

  function fill() {
    let ordered = shown;
    if (sorted) {
      const {column, sign} = sorted;
      const none = (value) =>
        value === null || value === undefined || Number.isNaN(value) || value === '';
      ordered = shown.slice().sort((a, b) => {
        const x = column.value(a),
          y = column.value(b);
        if (none(x) || none(y)) return none(x) - none(y); // what has no value stays last
        return (
          sign *
          (typeof x === 'number' && typeof y === 'number' ? x - y : text(x).localeCompare(text(y)))
        );
      });
    }
    const visible = all ? ordered : ordered.slice(0, options.limit);
    body.replaceChildren(
      ...visible.map((row) =>
        element(
          'tr',
          {
            class: options.click ? 'clickable' : undefined,
            on: options.click ? {click: () => options.click(row)} : undefined,
          },
          columns.map((column) => element('td', {class: classOf(column)}, column.cell(row))),
        ),
      ),
    );
    more.hidden = all || visible.length === ordered.length;
    more.textContent = `Show all ${ordered.length}`;
    if (options.filled) options.filled(body, visible);
  }

  fill();
  const node = element(
    'div',
    {},
    element(
      'div',
      {class: 'scroll' + (options.tall ? ' tall' : ''), tabindex: options.tall ? 0 : undefined},
      element('table', {}, element('thead', {}, element('tr', {}, heads)), body),
    ),
    options.limit ? element('div', {class: 'row'}, more) : null,
  );
  return {
    node,
    keep(test) {
      shown = rows.filter(test);
      fill();
    },
    refill: fill,
  };
}

const column = (title, cell, more) => ({title, cell, ...more});
const numbers = (title, show, value, more) =>
  column(title, (row) => show(value(row)), {number: true, value, ...more});
const names = (title, value, more) =>
  column(title, (row) => name(value(row)), {kind: 'name', value, ...more});
