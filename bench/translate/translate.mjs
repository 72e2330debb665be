// What drawbridge transfer does from file to file, with stream-json: node translate.mjs MAPPING IN OUT. Sums are held in memory, as numbers of JavaScript.
import fs from 'node:fs';
import chain from 'stream-chain';
import parserOf from 'stream-json';
import Pick from 'stream-json/filters/Pick.js';
import StreamArray from 'stream-json/streamers/StreamArray.js';

const [mapping, from, to] = process.argv.slice(2);
const goals = new Map(), sums = new Map();
for (const rule of JSON.parse(fs.readFileSync(mapping)).rules)
  for (const term of rule.terms) {
    const key = `${term.data_element} ${term.category_option_combo}`;
    if (!goals.has(key)) goals.set(key, []);
    goals.get(key).push({ cell: `${rule.target.data_element} ${rule.target.category_option_combo}`, sign: term.sign === '-' ? -1 : 1 });
  }
const values = chain.chain([fs.createReadStream(from), parserOf.parser(), Pick.pick({ filter: 'dataValues' }), StreamArray.streamArray()]);
for await (const { value } of values)
  for (const goal of goals.get(`${value.dataElement} ${value.categoryOptionCombo}`) ?? []) {
    const cell = `${value.period} ${value.orgUnit} ${goal.cell} ${value.attributeOptionCombo}`;
    sums.set(cell, (sums.get(cell) ?? 0) + goal.sign * Number(value.value));
  }
const out = fs.createWriteStream(to);
out.write('{"dataValues":[');
let before = '';
for (const [cell, sum] of sums) {
  const [period, orgUnit, dataElement, categoryOptionCombo, attributeOptionCombo] = cell.split(' ');
  if (!out.write(before + JSON.stringify({ dataElement, period, orgUnit, categoryOptionCombo, attributeOptionCombo, value: String(sum) }))) await new Promise(go => out.once('drain', go));
  before = ',\n';
}
out.end(']}\n');
