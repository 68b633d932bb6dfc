#!/usr/bin/python3
"""report-files.py SCHEMA JSON JUNIT TAP: what a run wrote, read by other people's readers. Prints a line for each thing that is not so; status 1 then.

The schema lets members through that it does not know, for readers; here every member has to be in it. Then a handful of damages, each of which
the schema has to notice."""
import copy
import json
import re
import sys
import xml.etree.ElementTree as xml

import jsonschema

wrong = []


def holds(claim, what):
    if not claim:
        wrong.append(what)


def tighten(schema):
    if isinstance(schema, dict):
        if 'properties' in schema:
            schema.setdefault('additionalProperties', False)
        for value in schema.values():
            tighten(value)
    elif isinstance(schema, list):
        for value in schema:
            tighten(value)


def damages(report):
    """Copies with one thing wrong, and what it is."""
    failed = next(i for i, case in enumerate(report['cases']) if case['findings'])
    small = dict(report, cases=[report['cases'][failed]])

    def without(change, what):
        other = copy.deepcopy(small)
        change(other)
        return other, what

    yield without(lambda r: r.update(schema='iscsirig-results/2'), 'another schema')
    yield without(lambda r: r.pop('summary'), 'no summary')
    yield without(lambda r: r['cases'][0].update(verdict='maybe'), 'an unknown verdict')
    yield without(lambda r: r['cases'][0].pop('path'), 'no path')
    yield without(lambda r: r['cases'][0]['findings'][0].update(mark=[1]), 'half a mark')
    yield without(lambda r: r['cases'][0]['ladder'][0].update(way='^'), 'a way that leads nowhere')
    yield without(lambda r: r['cases'][0].update(colour='red'), 'a member nobody told of')


def check_json(schema, report):
    tighten(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for error in list(validator.iter_errors(report))[:5]:
        wrong.append('%s: %s' % ('/'.join(map(str, error.absolute_path)), error.message[:200]))
    for other, what in damages(report):
        holds(not validator.is_valid(other), 'the schema does not notice ' + what)
    verdicts = [case['verdict'] for case in report['cases']]
    holds(len(verdicts) == report['summary']['cases'] == report['summary']['planned'], 'cases are not those of the summary')
    for word, num in report['summary']['verdicts'].items():
        holds(verdicts.count(word) == num, 'the number of %s' % word)


def check_junit(root, report):
    cases = list(root.iter('testcase'))
    counts = {'tests': len(cases)}
    for name, element in (('failures', 'failure'), ('errors', 'error'), ('skipped', 'skipped')):
        counts[name] = len(list(root.iter(element)))
    for name, num in counts.items():
        holds(int(root.get(name)) == num == sum(int(suite.get(name)) for suite in root), 'JUnit: %s' % name)
    holds(counts['tests'] == len(report['cases']) and counts['skipped'] > 0 and counts['failures'] > 0, 'JUnit: all cases')
    for case in cases:
        names = {one.get('name'): one.get('value') for one in case.iter('property')}
        holds(names.get('seed', '').isdigit() and names.get('peer'), 'JUnit: seed and peer of ' + case.get('name'))
        for left_out in case.iter('skipped'):
            holds(left_out.get('message'), 'JUnit: a skip without a reason')
    for suite in root:
        holds(any(one.get('name') == 'version' and one.get('value') for one in suite.find('properties')), 'JUnit: version')


def check_tap(text, report):
    lines = text.split('\n')
    points = [line for line in lines if re.match(r'(not )?ok \d+ - ', line)]
    holds(lines[0] == 'TAP version 14', 'TAP: version')
    holds('1..%d' % len(points) in lines and len(points) == len(report['cases']), 'TAP: plan')
    holds([int(re.search(r'\d+', line).group()) for line in points] == list(range(1, len(points) + 1)), 'TAP: numbers')
    holds(sum(line.startswith('not ok') for line in points) == sum(case['verdict'] in ('fail', 'error', 'fixed', 'known') for case in report['cases']), 'TAP: failures')
    holds(sum(' # SKIP ' in line for line in points) == report['summary']['verdicts']['skip'] > 0, 'TAP: skips')


def main(schema, json_file, junit, tap):
    with open(json_file, encoding='utf-8') as file:
        report = json.load(file)
    with open(schema, encoding='utf-8') as file:
        check_json(json.load(file), report)
    check_junit(xml.parse(junit).getroot(), report)
    with open(tap, encoding='utf-8') as file:
        check_tap(file.read(), report)
    for line in wrong[:20]:
        print(line)
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
