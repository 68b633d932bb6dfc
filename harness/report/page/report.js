'use strict';
/* The report's page. What it shows stands in the page as JSON: #run, a .case for each case, #end when the run came to its end, and for
 * cases with a ladder a .ladder, deflated, that is unpacked when somebody looks at it. Nothing is loaded from anywhere. */
(() => {
  const STATES = ['fail', 'error', 'fixed', 'loose', 'pass', 'known', 'skip'];
  const FAILED = new Set(['fail', 'error', 'fixed']);
  const CHANGES = { broke: 'broke', 'new-failing': 'new, failing', still: 'still failing', fixed: 'got fixed', new: 'new', gone: 'gone', skipped: 'not played any more', played: 'played now', same: 'as before' };
  const $ = (id) => document.getElementById(id);

  /* An element; a member that begins with "on" is a listener, the rest are attributes. */
  function make(tag, about = {}, ...inside) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(about)) {
      if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value === true ? '' : value);
    }
    e.append(...inside.flat().filter((x) => x !== null && x !== undefined && x !== ''));
    return e;
  }

  function parse(element) {
    try { return JSON.parse(element.textContent); } catch { return null; } /* the last one, when the run was killed */
  }

  async function unpack(element) {
    const bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).json();
  }

  const number = (n) => n.toLocaleString('en');
  const plural = (n, word, words = `${word}s`) => `${number(n)} ${n === 1 ? word : words}`;
  const seconds = (ns, digits = 3) => `${(Number(ns) / 1e9).toFixed(digits)} s`;
  const listOf = (x) => (Array.isArray(x) ? x : []);
  const area = (id) => id.replace(/-\d+[a-z]?$/, '');

  let run = {}, end = null, cases = [], requirements = null, packed = new Map();

  function read() {
    run = parse($('run')) || {};
    end = $('end') && parse($('end'));
    document.querySelectorAll('script.case').forEach((element) => {
      const c = parse(element);
      if (!c) return;
      const ladder = element.nextElementSibling;
      c.ladder = ladder && ladder.classList.contains('ladder') ? ladder : null;
      c.areas = [...new Set(listOf(c.requirements).map(area))];
      c.name = Object.entries(c.bindings || {}).map(([k, v]) => `${k}=${v}`).join(' ');
      c.why = (listOf(c.findings)[0] || {}).text || c.reason || '';
      c.hay = [c.path, c.name, c.title, c.why, c.reason, c.peer, c.verdict, c.change, ...listOf(c.tags), ...listOf(c.requirements), ...listOf(c.refs)].join('\n').toLowerCase();
      c.index = cases.push(c) - 1;
    });
  }

  /* ---- summary ---- */

  const tally = (of) => cases.reduce((n, c) => n.set(c[of], (n.get(c[of]) || 0) + 1), new Map());

  function headline(counts) {
    const bad = [...FAILED].reduce((n, s) => n + (counts.get(s) || 0), 0);
    const left = (counts.get('skip') || 0) + (counts.get('known') || 0);
    const played = cases.length - left;
    if (compared()) {
      const n = tally('change');
      const broke = (n.get('broke') || 0) + (n.get('new-failing') || 0);
      return `${broke ? `${plural(broke, 'case')} broke` : 'Nothing broke'}, ${number(n.get('fixed') || 0)} got fixed`;
    }
    if (!cases.length) return 'Nothing was played';
    if (bad) return `${number(bad)} of ${plural(played, 'case')} failed`;
    if (!played) return `All ${plural(cases.length, 'case')} were skipped`;
    return played === 1 ? 'The case passed' : `All ${number(played)} cases passed`;
  }

  const compared = () => cases.some((c) => c.change);

  function fact(name, ...value) {
    $('facts').append(make('dt', {}, name), make('dd', {}, ...value));
  }

  function drawRuns(name, runs) {
    const rows = runs.map((r) => make('tr', {}, make('td', {}, make('code', {}, r.file || '')), make('td', {}, r.mode || ''), make('td', {}, r.version || ''), make('td', {}, plural(r.cases || 0, 'case') + (r.interrupted ? ', interrupted' : ''))));
    fact(name, make('table', {}, make('tbody', {}, ...rows)));
  }

  function drawSummary() {
    const counts = tally('verdict');
    const present = STATES.filter((s) => counts.get(s));
    $('headline').textContent = headline(counts);
    $('kind').textContent = compared() ? 'comparison' : 'run report';
    $('bar').append(...present.map((s) => make('span', { class: s, style: `flex:${counts.get(s)}`, title: `${counts.get(s)} ${s}` })));
    $('bar').setAttribute('aria-label', present.map((s) => `${counts.get(s)} ${s}`).join(', ') || 'no case');
    const there = cases.filter((c) => c.change !== 'gone');
    const files = new Set(there.map((c) => c.path)).size;
    fact('Played', `${plural(there.length, 'case')} of ${plural(files, 'file')}${end && end.real_ns ? ` in ${seconds(end.real_ns, 2)}` : ''}`);
    fact('Version', run.version || '?');
    const peers = [...new Set(cases.map((c) => c.peer || c.mode))];
    fact('Against', peers.join(', ') || run.mode || '?');
    if (run.runs) drawRuns('Made of', run.runs);
    else fact('Command', make('code', {}, run.command || '?'));
    if (run.before) drawRuns('Compared with', run.before);
    $('unfinished').hidden = Boolean(end && !end.interrupted);
  }

  /* ---- filters ---- */

  const wanted = { states: new Set(), changes: new Set(), tag: '', area: '', peer: '' };

  function chips(box, words, counts, set, says, kind = '') {
    box.replaceChildren(...words.filter((w) => counts.get(w)).map((w) => make('button', {
      type: 'button', class: kind + w, 'data-word': w, 'aria-pressed': String(set.has(w)),
      onclick: (event) => {
        if (!set.delete(w)) set.add(w);
        event.currentTarget.setAttribute('aria-pressed', String(set.has(w)));
        show();
      },
    }, says(w), make('b', {}, number(counts.get(w))))));
  }

  function choice(name, says, values) {
    if (values.length < 2) return;
    const select = make('select', { 'aria-label': says, 'data-pick': name, onchange: (e) => { wanted[name] = e.target.value; show(); } },
      make('option', { value: '' }, says), ...values.sort().map((v) => make('option', { value: v }, v)));
    $('picks').append(select);
  }

  const unique = (of) => [...new Set(cases.flatMap(of))].filter(Boolean);

  function drawFilters() {
    const counts = tally('verdict');
    const bad = STATES.filter((s) => FAILED.has(s) && counts.get(s));
    const at = compared() ? STATES : bad.length ? [...bad, 'loose'] : STATES;
    wanted.states = new Set(at);
    chips($('states'), STATES, counts, wanted.states, (w) => w);
    if (compared()) {
      const changed = tally('change');
      const news = Object.keys(CHANGES).filter((w) => w !== 'same' && changed.get(w));
      wanted.changes = new Set(news.length ? news : Object.keys(CHANGES));
      $('changes').hidden = false;
      chips($('changes'), Object.keys(CHANGES), changed, wanted.changes, (w) => CHANGES[w], 'to-');
    }
    choice('tag', 'Any tag', unique((c) => listOf(c.tags)));
    choice('area', 'Any area', unique((c) => c.areas));
    choice('peer', 'Any peer', unique((c) => [c.peer]));
    $('words').addEventListener('input', show);
    $('all').addEventListener('click', showEverything);
    $('filters').addEventListener('submit', (e) => e.preventDefault());
  }

  function showEverything() {
    for (const s of STATES) wanted.states.add(s);
    for (const w of Object.keys(CHANGES)) wanted.changes.add(w);
    Object.assign(wanted, { tag: '', area: '', peer: '' });
    $('words').value = '';
    document.querySelectorAll('#filters [aria-pressed]').forEach((b) => b.setAttribute('aria-pressed', 'true'));
    document.querySelectorAll('#filters select').forEach((s) => { s.value = ''; });
    show();
  }

  function fits(c, words) {
    return wanted.states.has(c.verdict) && (!c.change || wanted.changes.has(c.change)) && (!wanted.tag || listOf(c.tags).includes(wanted.tag)) &&
      (!wanted.area || c.areas.includes(wanted.area)) && (!wanted.peer || c.peer === wanted.peer) && words.every((w) => c.hay.includes(w));
  }

  function show() {
    const words = $('words').value.toLowerCase().split(/\s+/).filter(Boolean);
    let num = 0;
    for (const c of cases) {
      const hit = fits(c, words);
      c.item.hidden = !hit;
      num += hit;
    }
    for (const g of document.querySelectorAll('.group')) g.hidden = !g.querySelector('.case:not([hidden])');
    $('shown').textContent = `${number(num)} of ${number(cases.length)} shown`;
  }

  /* ---- the list ---- */

  function caseRow(c, manyPeers) {
    const button = make('button', { type: 'button', 'aria-expanded': 'false', onclick: () => toggle(c) },
      make('span', { class: `state ${c.verdict}` }, c.verdict), make('span', { class: 'title' }, c.title || c.path),
      make('span', { class: 'side' }, c.change && c.change !== 'same' ? make('span', { class: `change to-${c.change}` }, CHANGES[c.change] || c.change) : '', ' ', manyPeers ? make('span', { class: 'peer' }, c.peer || '') : '', ' ', c.virtual_ns >= 5e5 ? seconds(c.virtual_ns) : ''),
      make('span', { class: 'where' }, make('code', {}, c.path.split('/').pop() + (c.name ? `  ${c.name}` : ''))),
      c.verdict !== 'pass' && c.why ? make('span', { class: `why ${c.verdict}` }, c.why) : '');
    c.item = make('li', { class: 'case', id: `case-${c.index}` }, button);
    return c.item;
  }

  function groupHead(folder, of) {
    const n = of.reduce((m, c) => m.set(c.verdict, (m.get(c.verdict) || 0) + 1), new Map());
    return make('h2', {}, folder, make('span', {}, STATES.filter((s) => n.get(s)).map((s) => `${number(n.get(s))} ${s}`).join(', ')));
  }

  function drawCases() {
    const groups = new Map();
    const manyPeers = unique((c) => [c.peer]).length > 1;
    for (const c of cases) {
      const folder = c.path.includes('/') ? c.path.slice(0, c.path.lastIndexOf('/')) : '.';
      if (!groups.has(folder)) groups.set(folder, []);
      groups.get(folder).push(c);
    }
    const all = document.createDocumentFragment();
    for (const [folder, of] of groups) all.append(make('section', { class: 'group' }, groupHead(folder, of), make('ul', {}, ...of.map((c) => caseRow(c, manyPeers)))));
    $('cases').append(all);
  }

  function toggle(c, on = !c.item.classList.contains('open')) {
    c.item.classList.toggle('open', on);
    c.item.firstChild.setAttribute('aria-expanded', String(on));
    if (on && !c.panel) {
      c.panel = panelOf(c);
      c.item.append(c.panel);
    }
    if (c.panel) c.panel.hidden = !on;
    history.replaceState(null, '', on ? `#case-${c.index}` : location.pathname + location.search);
  }

  /* ---- one case ---- */

  function panelOf(c) {
    const panel = make('div', { class: 'panel' });
    const findings = listOf(c.findings);
    if (c.reason) panel.append(make('h3', {}, 'Reason'), make('p', {}, c.reason));
    if (findings.length) panel.append(make('h3', {}, 'What did not hold'), ...findings.map((f) => findingOf(f, c)));
    if (c.ladder) panel.append(ladderPlace(c));
    else if (c.verdict !== 'skip') panel.append(make('h3', {}, 'Ladder'), make('p', {}, 'Not kept: there is one for what fails, and for each case whose capture stays (--pcap-dir DIR --keep always).'));
    panel.append(...clausesOf(c), ...evidenceOf(c), aboutOf(c));
    return panel;
  }

  /* Marks are in bytes of UTF-8. */
  function marked(text, mark) {
    if (!mark || !mark[1]) return [text];
    const bytes = new TextEncoder().encode(text), say = (a, b) => new TextDecoder().decode(bytes.slice(a, b));
    return [say(0, mark[0]), make('mark', {}, say(mark[0], mark[0] + mark[1])), say(mark[0] + mark[1])];
  }

  function findingOf(f, c) {
    const rows = [];
    if (f.expected) rows.push(make('dt', {}, 'expected'), make('dd', {}, f.expected));
    if (f.actual) rows.push(make('dt', {}, 'seen'), make('dd', {}, ...marked(f.actual, f.mark)));
    else if (f.expected) rows.push(make('dt', {}, 'seen'), make('dd', { class: 'said' }, 'nothing like it'));
    if (f.text) rows.push(make('dt', {}, 'in short'), make('dd', { class: 'said' }, f.text));
    const at = `${f.file}:${f.line}${f.block_line ? `, line ${f.block_line} of ${f.block_lines} of the block` : ''}${f.frame ? `, capture frame ${f.frame}` : ''}`;
    return make('div', { class: `finding ${c.verdict}` }, make('p', { class: 'clause' }, f.clause || `${f.kind}`), make('p', { class: 'place' }, at),
      make('dl', { class: 'versus' }, ...rows), ...listOf(f.ids).map(requirementOf));
  }

  /* The table is unpacked at the first look. */
  function requirementOf(id) {
    const p = make('p', { class: 'requirement' }, make('b', {}, id));
    const table = $('requirements');
    if (table) {
      requirements = requirements || unpack(table);
      requirements.then((rows) => rows[id] && p.append(make('span', {}, `RFC 7143 ${rows[id][0]}, ${rows[id][1]}: `), rows[id][2]), () => {});
    }
    return p;
  }

  function clausesOf(c) {
    const checks = listOf(c.checks);
    if (!checks.length) return [];
    const held = checks.filter((x) => x.held).length;
    const rows = checks.map((x) => make('tr', { class: x.held ? '' : 'bad' }, make('td', {}, `line ${x.line}`), make('td', { class: 'mono' }, x.clause || listOf(x.ids).join(' ')), make('td', {}, x.held ? 'held' : 'did not hold')));
    return [make('details', {}, make('summary', {}, `${held} of ${plural(checks.length, 'clause')} held`), make('table', { class: 'lines' }, make('tbody', {}, ...rows)))];
  }

  function fileLink(f) {
    const href = f.data ? `data:application/octet-stream;base64,${f.data}` : f.href;
    const about = make('small', {}, ` ${f.size < 1024 ? `${f.size} B` : `${Math.round(f.size / 1024)} kB`}${f.data ? ', in this page' : ''}`);
    return make('li', {}, make('a', { href, download: f.name }, f.name), about);
  }

  function copyButton(text) {
    const button = make('button', { type: 'button', onclick: () => {
      const done = () => { button.textContent = 'Copied'; };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => {});
      else getSelection().selectAllChildren(button.previousElementSibling);
    } }, 'Copy');
    return button;
  }

  function evidenceOf(c) {
    const out = [];
    const files = listOf(c.files);
    if (files.length) out.push(make('h3', {}, 'Capture and keys'), make('ul', { class: 'files' }, ...files.map(fileLink)));
    else if (c.capture) out.push(make('h3', {}, 'Capture'), make('p', {}, make('code', {}, c.capture), ' (not there when this page was made)'));
    if (c.again) out.push(make('h3', {}, 'Play it again'), make('div', { class: 'again' }, make('pre', { tabindex: '0' }, c.again), copyButton(c.again)));
    return out;
  }

  function aboutOf(c) {
    const rows = [['file', c.path], ['level', c.level], ['refs', listOf(c.refs).join(', ')], ['tags', listOf(c.tags).join(', ')], ['requirements', listOf(c.requirements).join(', ')], ['seed', c.seed], ['mode', c.mode], ['link', c.link], ['peer', c.peer], ['before', c.was], ['virtual time', seconds(c.virtual_ns || 0, 6)], ['took', seconds(c.real_ns || 0, 6)]];
    return make('p', { class: 'about' }, ...rows.filter(([, v]) => v !== undefined && v !== null && v !== '').map(([k, v]) => make('span', {}, `${k} `, make('b', {}, String(v)))));
  }

  /* ---- the ladder ---- */

  const IPSEC = /^! (ike|esp)\b/;
  const KINDS = [['pdu', 'PDUs', (i) => i.way !== '!'], ['event', 'Host events', (i) => i.way === '!' && !IPSEC.test(i.line)], ['ipsec', 'IKE and ESP', (i) => IPSEC.test(i.line)]];

  function ladderPlace(c) {
    const box = make('div', {}, make('h3', {}, 'Ladder'), make('p', {}, 'Unpacking…'));
    unpack(c.ladder).then((items) => drawLadder(box, c, items), () => { box.lastChild.textContent = 'It cannot be unpacked: the page is damaged, or this browser has no DecompressionStream.'; });
    return box;
  }

  function drawLadder(box, c, items) {
    const kinds = KINDS.filter(([, , is]) => items.some(is));
    const many = new Set(items.map((i) => i.conn).filter((x) => x !== undefined)).size > 1;
    const bad = new Map(listOf(c.findings).filter((f) => f.item !== null && f.item !== undefined).map((f) => [f.item, f]));
    const list = make('ol', {}, ...items.map((item, i) => rungOf(item, bad.get(i), many)));
    list.addEventListener('keydown', ladderKeys);
    const buttons = kinds.length < 2 ? [] : kinds.map(([kind, says, is]) => make('button', { type: 'button', 'aria-pressed': 'true', onclick: (e) => {
      const on = e.currentTarget.getAttribute('aria-pressed') !== 'true';
      e.currentTarget.setAttribute('aria-pressed', String(on));
      items.forEach((item, i) => { if (is(item)) list.children[i].hidden = !on; });
    } }, `${says} ${items.filter(is).length}`));
    const time = c.mode === 'sim' ? 'virtual time' : 'time';
    box.replaceChildren(make('h3', {}, 'Ladder ', make('small', {}, `${plural(items.length, 'line')}; ${items.some((i) => i.bhs) ? 'a PDU opens to its fields and bytes' : 'no PDU'}`)),
      buttons.length ? make('div', { class: 'kinds', role: 'group', 'aria-label': 'What the ladder shows' }, ...buttons) : '',
      make('div', { class: 'ladder' }, make('div', { class: 'lanes' }, make('span', {}, time), make('div', {}, make('span', {}, 'Initiator'), make('span', {}, 'Target'))), list));
  }

  function timeOf(item, many) {
    const span = make('span', { class: 'time' }, (item.t / 1e9).toFixed(6));
    if (many && item.conn !== undefined) span.append(make('b', { title: `connection ${item.conn}` }, `c${item.conn}`));
    return span;
  }

  const colour = (item) => `--c: var(--c${(item.conn || 0) % 6})`;

  function flagsOf(item, finding) {
    const says = [finding && 'at fault', item.made_wrong && 'wrong on purpose', item.leaked && 'in the clear'].filter(Boolean);
    return says.map((s) => make('span', { class: 'flag' }, s));
  }

  function labelOf(line) {
    const [first, ...keys] = line.slice(2).split('\n');
    const space = first.indexOf(' ');
    const name = space < 0 ? first : first.slice(0, space), rest = space < 0 ? '' : ` ${first.slice(space).trim()}`;
    return [make('b', {}, name), rest, keys.length ? make('span', { class: 'keys' }, `  ${keys.map((k) => k.trim()).join('  ')}`) : ''];
  }

  function rungOf(item, finding, many) {
    if (item.way === '!') return eventOf(item, finding, many);
    const out = item.way === '>';
    const rung = make('button', { type: 'button', 'aria-expanded': 'false', class: out ? 'out' : 'in', style: colour(item), onclick: () => openPdu(li, item, finding) }, timeOf(item, many),
      make('span', { class: 'way' }, make('span', { class: 'label' }, ...flagsOf(item, finding), ...labelOf(item.line)), make('span', { class: 'arrow' })));
    const li = make('li', { class: `${finding ? 'bad' : ''} ${item.made_wrong ? 'wrong' : ''}` }, rung);
    return li;
  }

  /* What IKE and ESP do crosses from one side to the other; other events happen on a side, or to a connection. */
  function eventOf(item, finding, many) {
    const byTarget = /\bby target\b/.test(item.line), ipsec = IPSEC.test(item.line);
    const text = item.line.slice(2).replace(/\s+/g, ' ');
    const across = /^! (connect|close)\b/.test(item.line);
    const inside = ipsec ? [make('span', { class: 'label' }, ...labelOf(`! ${text}`)), make('span', { class: 'arrow' })] : [make('span', { class: 'said' }, ...flagsOf(item, finding), text)];
    const cls = ipsec ? `event ipsec ${byTarget ? 'in' : 'out'} ${text.startsWith('esp') ? 'esp' : ''}` : `event ${across ? 'across' : byTarget ? 'right' : ''}`;
    return make('li', { class: finding ? 'bad' : '' }, make('div', { class: cls, style: ipsec ? null : colour(item) }, timeOf(item, many), make('span', { class: 'way' }, ...inside)));
  }

  function openPdu(li, item, finding) {
    const open = li.querySelector('.detail');
    li.classList.toggle('open', !open);
    li.firstChild.setAttribute('aria-expanded', String(!open));
    if (open) open.remove();
    else li.append(detailOf(item, finding));
  }

  function ladderKeys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = event.target.closest('li');
    if (event.key === 'Escape' && at && at.classList.contains('open')) {
      at.firstChild.click();
      at.firstChild.focus();
      event.stopPropagation();
    }
    if (!step) return;
    const buttons = [...event.currentTarget.querySelectorAll('li:not([hidden]) > button')];
    const next = buttons[buttons.indexOf(at && at.firstChild) + step];
    if (next) next.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /* ---- a PDU: fields by the table that the program reads them with ---- */

  const bytesOf = (hex) => (hex || '').match(/../g) || [];

  function valueOf(bytes, field) {
    let n = 0n;
    for (let i = 0; i < field.bytes; i++) n = (n << 8n) | BigInt(parseInt(bytes[field.byte + i], 16));
    return (n >> BigInt(field.low)) & ((1n << BigInt(field.bits)) - 1n);
  }

  function shown(bytes, field) {
    const raw = bytes.slice(field.byte, field.byte + field.bytes);
    if (field.form === 'cdb') return [raw.join(' '), ''];
    if (field.form === 'isid') return [raw.join(':'), ''];
    const n = valueOf(bytes, field), hex = `0x${n.toString(16)}`;
    if (field.form === 'named') return [(run.names[field.names] || {})[n.toString()] || hex, hex];
    if (field.form === 'tag') return n === 0xffffffffn ? ['none', hex] : [hex, ''];
    if (field.form === 'lun') return (n & 0xffffffffffffn) === 0n && n >> 62n === 0n ? [(n >> 48n).toString(), n ? hex : ''] : [hex, ''];
    if (field.form === 'hex') return [hex, ''];
    return [n.toString(), n > 9n ? hex : ''];
  }

  function kindOf(bytes) {
    const opcode = parseInt(bytes[0], 16) & 0x3f;
    const at = run.pdus.findIndex((p) => p.opcode === opcode);
    return at < 0 ? run.pdus.length - 1 : at;
  }

  function placeOf(field) {
    const last = field.byte + field.bytes - 1;
    const bytes = field.byte === last ? `byte ${last}` : `bytes ${field.byte}–${last}`;
    return field.bits && field.bits !== field.bytes * 8 ? `${bytes}, ${field.bits === 1 ? `bit ${field.low}` : `bits ${field.low + field.bits - 1}–${field.low}`}` : bytes;
  }

  function dumpOf(bytes, cells) {
    const pre = make('pre', { class: 'dump', tabindex: '0', 'aria-label': 'Bytes' });
    for (let at = 0; at < bytes.length; at += 16) {
      const row = bytes.slice(at, at + 16);
      pre.append(make('i', {}, `${at.toString(16).padStart(4, '0')}  `));
      row.forEach((b, i) => {
        const cell = make('span', {}, b === '__' ? '··' : b);
        cells.push(cell);
        pre.append(cell, i === 7 ? '  ' : ' ');
      });
      const text = row.map((b) => (b === '__' ? '·' : b >= '20' && b < '7f' ? String.fromCharCode(parseInt(b, 16)) : '.')).join('');
      pre.append(' '.repeat((16 - row.length) * 3 + (row.length < 8 ? 1 : 0)), make('i', {}, ` ${text}\n`));
    }
    return pre;
  }

  function fieldRows(item, bytes, cells, finding) {
    const kind = kindOf(bytes);
    return run.fields.filter((f) => (f.pdus >>> kind) & 1).map((field) => {
      const [says, also] = shown(bytes, field);
      const light = (on) => cells.slice(field.byte, field.byte + field.bytes).forEach((cell) => cell.classList.toggle('lit', on));
      const bad = finding && finding.field === field.name;
      const row = make('tr', { class: bad ? 'bad' : '', onmouseenter: () => light(true), onmouseleave: () => light(false) },
        make('th', { scope: 'row' }, field.name), make('td', {}, says), make('td', {}, also), make('td', {}, placeOf(field)));
      if (bad) light(true);
      return row;
    });
  }

  function detailOf(item, finding) {
    const bytes = bytesOf(item.bhs), cells = [];
    const pdu = run.pdus[kindOf(bytes)];
    const dump = dumpOf(bytes, cells);
    const at = [`${pdu.section ? `RFC 7143 section ${pdu.section}` : 'unknown opcode'}`, item.frame && `capture frame ${item.frame}`, item.conn !== undefined && `connection ${item.conn}`, item.step && `step ${item.step}`].filter(Boolean).join(', ');
    const more = [['Additional header segments', item.ahs], ['Data segment', item.data]].filter(([, hex]) => hex).flatMap(([title, hex]) => {
      const some = bytesOf(hex);
      const cut = title.startsWith('Data') && item.data_len > some.length ? `first ${some.length} of ${item.data_len} bytes` : plural(title.startsWith('Data') ? item.data_len : some.length, 'byte');
      return [make('h4', {}, `${title} `, make('span', {}, cut)), dumpOf(some, [])];
    });
    if (item.data_len && !item.data) more.push(make('h4', {}, 'Data segment ', make('span', {}, `${plural(item.data_len, 'byte')}, part of a longer text; the capture has them`)));
    const keys = item.line.split('\n').slice(1).map((k) => k.trim());
    if (keys.length) more.unshift(make('h4', {}, 'Keys'), make('pre', { class: 'dump', tabindex: '0', 'aria-label': 'Keys' }, keys.join('\n')));
    return make('div', { class: 'detail' }, make('h4', {}, `${pdu.name} `, make('span', {}, at)),
      make('table', { class: 'fields' }, make('tbody', {}, ...fieldRows(item, bytes, cells, finding))), dump, ...more);
  }

  /* ---- keys, theme ---- */

  function moveCase(step) {
    const all = [...document.querySelectorAll('.case:not([hidden]) > button')];
    const at = document.activeElement.closest && document.activeElement.closest('.case');
    const next = all[at ? all.indexOf(at.firstChild) + step : 0];
    if (next) next.focus();
    return Boolean(next);
  }

  function pageKeys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.altKey || event.ctrlKey || event.metaKey || (typing && event.key !== 'Escape')) return;
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (event.key === '/') $('words').focus();
    else if (event.key === 'Escape') closeHere(event);
    else if (!(step && event.target.closest('.case > button, body') && moveCase(step))) return;
    event.preventDefault();
  }

  function closeHere(event) {
    const at = event.target.closest('.case');
    if (!at) return event.target.blur();
    toggle(cases[Number(at.id.slice(5))], false);
    at.firstChild.focus();
  }

  const THEMES = { auto: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };
  let theme = 'auto';

  function setTheme(to) {
    theme = to;
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.theme = to === 'auto' ? (dark ? 'dark' : 'light') : to;
    if ($('theme')) $('theme').textContent = THEMES[to];
  }

  function openFromAddress() {
    const c = cases[Number((/^#case-(\d+)$/.exec(location.hash) || [])[1])];
    if (!c) return;
    if (c.item.hidden) showEverything();
    toggle(c, true);
    c.item.scrollIntoView();
  }

  setTheme('auto'); /* before anything is drawn */
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTheme(theme));
  document.addEventListener('DOMContentLoaded', () => {
    setTheme('auto');
    $('theme').addEventListener('click', () => setTheme({ auto: 'dark', dark: 'light', light: 'auto' }[theme]));
    read();
    drawSummary();
    drawFilters();
    drawCases();
    show();
    openFromAddress();
    addEventListener('hashchange', openFromAddress);
    document.addEventListener('keydown', pageKeys);
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  });
})();
