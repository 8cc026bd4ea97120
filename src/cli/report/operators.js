// What each repair gained, the operators, those that stayed float, and the recipe.
function repairsSection() {
  const repairs = objects(report.repairs);
  if (repairs.length === 0) return missing('What each repair gained: no repair was measured.');
  const gain = (row) =>
    isNumber(row.sqnr_with_db) && isNumber(row.sqnr_without_db)
      ? row.sqnr_with_db - row.sqnr_without_db
      : null;
  const most = Math.max(...repairs.map((row) => Math.abs(gain(row) ?? 0)), 1e-9);
  const bar = (row) =>
    gain(row) === null
      ? ''
      : element('i', {
          class: gain(row) < 0 ? 'loses' : undefined,
          size: ((100 * Math.abs(gain(row))) / most).toFixed(1) + '%',
        });
  section(
    'repairs',
    'What each repair gained',
    'The output\u2019s SQNR with the repair and without it; what does not gain is left out.',
    table(
      [
        names('Repair', (row) => row.name),
        numbers('Without', decibels, (row) => row.sqnr_without_db, {wide: true}),
        numbers('With', decibels, (row) => row.sqnr_with_db, {wide: true}),
        numbers('Gain', (value) => (isNumber(value) ? signed(value, 1) + ' dB' : '\u2013'), gain),
        column('', bar, {kind: 'bar'}),
        repairs.some((row) => row.kept === false) &&
          column('', (row) => (row.kept === false ? 'left out' : 'kept')),
      ].filter(Boolean),
      repairs,
    ).node,
  );
}

function operatorsSection() {
  if (operators.length === 0) return missing('Operators: the model has none.');
  const reasons = operators.some((row) => row.reason);
  const corrected = operators.some(
    (row) => isNumber(row.largest_correction) && row.largest_correction !== 0,
  );
  const faster = (row) => ratio(row.us_before, row.us_after);
  const listed = table(
    [
      column('#', (row) => row.at + 1, {number: true, value: (row) => row.at, wide: true}),
      names('Name', (row) => row.name),
      column('Kind', (row) => text(row.kind), {value: (row) => row.kind, wide: true}),
      column('Scheme', (row) => schemeMark(row.scheme), {value: (row) => row.scheme}),
      reasons &&
        column('Reason', (row) => text(row.reason), {value: (row) => row.reason, wide: true}),
      numbers('MACs', many, (row) => row.macs, {wide: true}),
      numbers('Before', microseconds, (row) => row.us_before || null, {wide: true}),
      numbers('After', microseconds, (row) => row.us_after || null),
      numbers(
        'Ratio',
        (value) => (isNumber(value) ? fixed(value, 1) + '\u00d7' : '\u2013'),
        faster,
      ),
      corrected && numbers('Correction', digits, (row) => row.largest_correction, {wide: true}),
    ].filter(Boolean),
    operators.map((row, at) => ({...row, at})),
    {limit: 25},
  );
  const search = element('input', {
    type: 'search',
    placeholder: 'Name, kind or scheme',
    'aria-label': 'Search operators',
  });
  search.addEventListener('input', () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    listed.keep((row) =>
      words.every((word) =>
        `${text(row.name)} ${text(row.kind)} ${text(row.scheme)} ${text(row.reason)}`
          .toLowerCase()
          .includes(word),
      ),
    );
  });
  section(
    'operators',
    'Operators',
    `${plural(operators.length, 'operator')}, in the order they run; a click on a heading sorts.` +
      (corrected ? ' Correction: the largest change of its bias.' : ''),
    element('div', {class: 'row'}, element('div', {class: 'grow'}, search)),
    listed.node,
  );
}

function islandsSection() {
  const islands = objects(report.islands);
  if (islands.length === 0) return;
  const total = totalOf(objects(report.schemes), 'us') || object(report.latency).after_us;
  const members = (row) => {
    const all = list(row.operators);
    if (all.length <= 3) return all.map((one) => element('div', {}, name(one)));
    return [
      element('div', {}, name(all[0])),
      element(
        'details',
        {},
        element('summary', {}, `and ${all.length - 1} more`),
        all.slice(1).map((one) => element('div', {}, name(one))),
      ),
    ];
  };
  section(
    'islands',
    'Float islands',
    'What was left in float, and why.',
    table(
      [
        column('Operators', members, {kind: 'name'}),
        column('Reason', (row) => text(row.reason)),
        numbers('Time', microseconds, (row) => row.us),
        numbers('of all', share, (row) => (isNumber(row.us) && total > 0 ? row.us / total : null), {
          wide: true,
        }),
      ],
      islands,
    ).node,
  );
}

function recipeSection() {
  if (Object.keys(object(report.recipe)).length === 0) return;
  const recipe = JSON.stringify(report.recipe, null, 2);
  const shown = element('pre', {tabindex: 0}, recipe);
  const copy = element(
    'button',
    {
      type: 'button',
      id: 'copy',
      on: {
        click: async () => {
          let copied = true;
          try {
            await navigator.clipboard.writeText(recipe);
          } catch (refused) {
            const area = element('textarea', {});
            area.value = recipe;
            document.body.append(area);
            area.select();
            copied = document.execCommand('copy');
            area.remove();
          }
          copy.textContent = copied ? 'Copied' : 'Select the text to copy it';
          setTimeout(() => {
            copy.textContent = 'Copy';
          }, 1600);
        },
      },
    },
    'Copy',
  );
  section(
    'recipe',
    'Recipe',
    'Every choice, to make the same file again: qrt quantize --recipe FILE.',
    element('div', {class: 'row'}, copy),
    shown,
  );
}

function missingSection() {
  if (absent.length === 0) return;
  section(
    'missing',
    'Not in this report',
    null,
    element(
      'ul',
      {class: 'muted'},
      absent.map((line) =>
        element(
          'li',
          {},
          line
            .split(/(--[a-z-]+)/)
            .map((part) => (part.startsWith('--') ? element('code', {}, part) : part)),
        ),
      ),
    ),
  );
}
