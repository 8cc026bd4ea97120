// What a reader does with the page of a report, in a browser: see browser.sh.
//   node browser.mjs CHROMIUM FOLDER SCREENSHOTS     FOLDER has {plain,hostile,small}.{json,html}
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {Browser} from './devtools.mjs';

const [program, folder, screenshots] = process.argv.slice(2);
const browser = new Browser(program, `${folder}/profile`);
const texts = (selector) =>
  browser.run(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`,
  );
const theme = () => browser.run('document.documentElement.dataset.theme');
const reportOf = (kind) => JSON.parse(readFileSync(`${folder}/${kind}.json`, 'utf8'));
let passed = 0;

async function test(what, body) {
  try {
    await body();
    const troubles = browser.troubles();
    assert.deepEqual(troubles, [], 'the page logged errors or asked for something');
    ++passed;
  } catch (failed) {
    failed.message = `${what}: ${[failed.message, ...browser.troubles()].join('\n')}`;
    throw failed;
  }
}

async function load(kind, width, height, phone) {
  await browser.size(width, height, phone);
  await browser.load(pathToFileURL(`${folder}/${kind}.html`).href);
  assert.equal(
    await browser.run('document.documentElement.dataset.ready'),
    'true',
    'the script came to its end',
  );
}

// What the page answers with the next frame, or soon.
async function changed(before, ask) {
  for (let tries = 0; tries < 100; ++tries) {
    const now = await ask();
    if (now !== before) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`still ${before} after five seconds`);
}

// Nothing but what scrolls by itself is wider than the window.
async function fits(width) {
  assert.equal(
    await browser.run('document.documentElement.scrollWidth'),
    width,
    `the page is as wide as a window of ${width}`,
  );
}

try {
  await browser.open();
  await browser.prefer('light');
  const plain = reportOf('plain');
  const charts = readFileSync(`${folder}/plain.html`, 'utf8').includes('Chart.js v3');

  await test('loads, with every section', async () => {
    await load('plain', 1280, 900);
    for (const id of [
      'schemes',
      'tradeoff',
      'network',
      'tensors',
      'weights',
      'sensitivity',
      'repairs',
      'islands',
      'operators',
      'recipe',
    ]) {
      assert.equal((await texts(`section#${id} h2`)).length, 1, `section ${id}`);
    }
    assert.equal((await texts('#missing')).length, 0);
    assert.match(
      (await texts('.tiles'))[0],
      /3\.83× smaller.*14\.0 MB.*3\.66 MB.*3\.85× faster.*91\.21 %/,
    );
    assert.match((await texts('.notes'))[0], /24 samples may not show.*joins ranges/);
    assert.ok(statSync(`${folder}/plain.html`).size < 700000, 'a few hundred kB');
    await fits(1280);
    await browser.screenshot(`${screenshots}/light-1280.png`);
  });

  await test('charts are drawn', async () => {
    const drawn = await browser.run(`[...document.querySelectorAll('canvas')].map((canvas) => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.filter((value, at) => at % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
    })`);
    assert.equal(drawn.length, charts ? 5 : 0);
    for (const share of drawn) assert.ok(share > 0.005, `a chart covers ${share} of its canvas`);
    assert.equal((await texts('#tables-only')).length, charts ? 0 : 1);
  });

  const worst = [...plain.tensors].sort((a, b) => a.sqnr_db - b.sqnr_db);
  await test('a click on a worst tensor opens its histogram', async () => {
    const listed = await texts('#worst tbody tr td:first-child');
    assert.deepEqual(
      listed,
      worst.slice(0, 10).map((one) => one.name),
    );
    assert.equal((await texts('#histogram h3'))[0], worst[0].name);
    await browser.click('#worst tbody tr:nth-child(4) button');
    assert.equal((await texts('#histogram h3'))[0], worst[3].name);
    assert.deepEqual(await texts('#histogram li[aria-selected=true] span'), [worst[3].name]);
  });

  await test('any tensor is found by a part of its name', async () => {
    await browser.click('#histogram input');
    await browser.send('Input.insertText', {text: 'features.7 CONV.1'});
    const found = await texts('#histogram li span');
    assert.deepEqual(
      found,
      plain.tensors
        .map((one) => one.name)
        .filter((one) => one.includes('features.7') && one.includes('conv.1')),
    );
    await browser.click('#histogram li');
    assert.equal((await texts('#histogram h3'))[0], found[0]);
  });

  if (charts) {
    await test('a click in the SQNR chart opens that tensor', async () => {
      const before = (await texts('#histogram h3'))[0];
      await browser.click('#network canvas');
      const after = await changed(before, async () => (await texts('#histogram h3'))[0]);
      const at = plain.tensors.findIndex((one) => one.name === after);
      assert.ok(Math.abs(at - plain.tensors.length / 2) < 4, `tensor ${at} is about the middle`);
    });
  }

  await test('operators are sorted and searched', async () => {
    const time = (await texts('#operators th')).indexOf('After') + 1;
    await browser.click(`#operators th:nth-child(${time}) button`);
    const slowest = [...plain.operators].sort((a, b) => b.us_after - a.us_after)[0].name;
    assert.equal((await texts('#operators tbody tr:first-child td.name'))[0], slowest);
    assert.equal((await texts('#operators tbody tr')).length, 25);
    await browser.click('#operators .row button');
    assert.equal((await texts('#operators tbody tr')).length, plain.operators.length);
    await browser.click('#operators input');
    await browser.send('Input.insertText', {text: 'softmax'});
    assert.equal((await texts('#operators tbody tr')).length, 1);
  });

  await test('the recipe is exact', async () => {
    assert.deepEqual(JSON.parse((await texts('#recipe pre'))[0]), plain.recipe);
  });

  await test('dark as the system is, and by the switch', async () => {
    assert.equal(await theme(), 'light');
    const light = await browser.run('getComputedStyle(document.body).backgroundColor');
    await browser.prefer('dark');
    assert.equal(await changed('light', theme), 'dark');
    assert.notEqual(await browser.run('getComputedStyle(document.body).backgroundColor'), light);
    await load('plain', 1280, 900);
    await browser.screenshot(`${screenshots}/dark-1280.png`);
    await browser.click('#theme');
    assert.equal(await theme(), 'light');
    await browser.prefer('light');
    await browser.click('#theme');
    assert.equal(await theme(), 'dark', 'the reader’s choice holds');
    await browser.click('#theme');
  });

  await test('a phone', async () => {
    for (const width of [320, 360]) {
      await load('plain', width, 740, true);
      await fits(width);
    }
    await browser.screenshot(`${screenshots}/light-360.png`);
  });

  await test('names that are no HTML', async () => {
    const hostile = reportOf('hostile');
    await load('hostile', 1280, 900);
    assert.equal(await browser.run('window.hacked === undefined && document.images.length'), 0);
    assert.equal((await texts('h1'))[0], hostile.model);
    assert.ok((await texts('.notes li')).includes('<img src=x onerror="window.hacked = 2">'));
    assert.deepEqual(JSON.parse((await texts('#recipe pre'))[0]), hostile.recipe);
    for (let row = 1; row <= 10; ++row) await browser.click(`#worst tbody tr:nth-child(${row})`);
    assert.equal(await browser.run('window.hacked === undefined && document.images.length'), 0);
    await load('hostile', 320, 740, true);
    await fits(320);
    await browser.screenshot(`${screenshots}/hostile-320.png`);
  });

  await test('a report of the least', async () => {
    await load('small', 360, 740, true);
    await fits(360);
    assert.deepEqual(
      await browser.run('[...document.querySelectorAll("section")].map((one) => one.id)'),
      ['operators', 'missing'],
    );
    assert.match((await texts('#missing'))[0], /--labels.*--max-drop/);
    assert.doesNotMatch((await texts('main'))[0], /NaN|Infinity|undefined|null/);
    await browser.screenshot(`${screenshots}/small-360.png`);
  });
  console.log(`${passed} passed, 0 failed`);
} catch (failed) {
  console.error(`report in a browser: ${failed.message}`);
  process.exitCode = 1;
} finally {
  browser.close();
}
