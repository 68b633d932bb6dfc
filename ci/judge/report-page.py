#!/usr/bin/python3
"""report-page.py PAGE BIG KILLED COMPARED AXE PICTURES: pages of --html in a browser without a window, from file:. Prints a line for each thing that holds, or
"FAILED: …"; the last line is "N held, N failed". AXE is axe-core's script, or - where there is none. Pictures go into the folder PICTURES."""
import os
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

OPEN_MS = 1000
BIG_BYTES = 10 * 1000 * 1000
counts = {True: 0, False: 0}


def holds(claim, what, more=''):
    counts[bool(claim)] += 1
    print(('' if claim else 'FAILED: ') + what + (': %s' % more if more != '' else ''))


def start():
    options = Options()
    options.binary_location = '/usr/bin/chromium'
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--disable-background-networking'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
    return webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)


class Page:
    def __init__(self, browser, path):
        self.browser = browser
        self.browser.get('file://' + os.path.abspath(path))

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def until(self, script, seconds=5):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run('return ' + script)
            if value:
                return value
            time.sleep(0.02)
        return None

    def key(self, key):
        self.browser.switch_to.active_element.send_keys(key)

    def look(self, width, height, scheme='light', media=''):
        self.browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False})
        self.browser.execute_cdp_cmd('Emulation.setEmulatedMedia', {'media': media, 'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})

    def picture(self, folder, name):
        self.browser.save_screenshot(os.path.join(folder, 'report-%s.png' % name))

    def complaints(self):
        return [entry['message'] for entry in self.browser.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')]

    def axe(self, script, what):
        if script == '-':
            return
        with open(script, encoding='utf-8') as file:
            self.run(file.read())
        found = self.browser.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map((v) => v.id + ': ' + "
            "v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(', '))), (e) => done(['axe itself: ' + e]));")
        holds(not found, 'axe finds nothing in ' + what, '; '.join(found))


SHOWN = "[...document.querySelectorAll('li.case')].filter((c) => !c.hidden && !c.parentNode.parentNode.hidden)"


def number_shown(page):
    return page.run('return %s.length' % SHOWN)


def filters(page):
    total, failing = len(page.all('li.case')), len(page.all('.state.fail'))
    holds(failing and number_shown(page) == failing, 'what failed is shown at first', '%d of %d' % (number_shown(page), total))
    page.one('#all').click()
    holds(number_shown(page) == total, 'all can be shown')
    page.one('#states .pass').click()
    holds(number_shown(page) == total - len(page.all('.state.pass')), 'a state can be left out')
    page.one('#states .pass').click()
    for name in ('tag', 'area'):
        options = page.all('select[data-pick=%s] option' % name)
        options[1].click()
        holds(0 < number_shown(page) < total, 'by %s' % name, number_shown(page))
        options[0].click()
    page.key(Keys.ESCAPE)
    page.key('/')
    page.key('unlikely words')
    holds(number_shown(page) == 0, 'words that nothing has show nothing')
    page.one('#all').click()
    holds(page.one('#shown').text.startswith(str(total)), 'how many are shown is told', page.one('#shown').text)


def a_case(page):
    page.run("document.querySelector('#states .pass').click()")
    page.run("%s.find((c) => c.querySelector('.state.fail')).firstChild.focus()" % SHOWN)
    page.key(Keys.ENTER)
    holds(page.until("document.querySelectorAll('.case.open .ladder li').length > 5"), 'a case opens with the keyboard, and shows its ladder')
    holds(page.all('.case.open .finding mark'), 'what was seen is marked against what was expected')
    holds(page.until("document.querySelector('.case.open .requirement span')"), 'the text of the requirement')
    holds('iscsirig run ' in page.one('.case.open .again pre').text, 'the command that repeats it')
    links = page.run("return [...document.querySelectorAll('.case.open .files a')].map((a) => a.getAttribute('href'))")
    holds(links and links[0].startswith('data:'), 'the capture of a failure is in the page')
    page.run("document.querySelector('.case.open .ladder li > button').focus()")
    page.key(Keys.ARROW_DOWN)
    page.key(Keys.ENTER)
    holds(page.until("document.querySelectorAll('.case.open .detail .fields tr').length > 8"), 'a PDU shows its fields')
    dump = page.one('.case.open .detail .dump').text
    holds(dump.startswith('0000  ') and '\n0020  ' in dump, 'and its bytes', dump.split('\n')[0])
    opcode = page.run("return [...document.querySelectorAll('.detail tr')].find((r) => r.cells[0].textContent === 'Opcode').cells[1].textContent")
    holds(int(opcode, 16) == int(dump.split()[1], 16) & 0x3f, 'which agree', opcode)
    page.key(Keys.ESCAPE)
    holds(page.until("!document.querySelector('.detail')"), 'Escape closes it')
    page.key(Keys.ENTER)
    holds(page.run('return location.hash').startswith('#case-'), 'the address leads to the case')
    page.run("document.querySelector('.case.open').scrollIntoView()")


def kept_case(page):
    """One that passed, whose capture was kept."""
    page.one('#all').click()
    page.run("[...document.querySelectorAll('li.case')].find((c) => c.querySelector('.state.pass')).firstChild.click()")
    link = page.until("[...document.querySelectorAll('.case.open .files a')].map((a) => a.href).find((h) => h.startsWith('file:'))")
    holds(link and os.path.isfile(link[7:].split('#')[0]), 'the capture of what passed is where its link leads', link)
    holds(page.until("[...document.querySelectorAll('.case.open')].every((c) => c.querySelector('.ladder'))"), 'and its ladder is there')


def pictures(page, folder, axe):
    page.look(1280, 1600)
    page.picture(folder, 'failing')
    page.run('scrollTo(0, 0)')
    page.picture(folder, 'light')
    page.axe(axe, 'the light page')
    page.look(1280, 1600, 'dark')
    page.until("document.documentElement.dataset.theme === 'dark'")
    page.picture(folder, 'dark')
    page.axe(axe, 'the dark page')
    page.look(390, 1600)
    page.until("document.documentElement.dataset.theme === 'light'")
    page.picture(folder, 'narrow')
    holds(page.run('return document.documentElement.scrollWidth <= innerWidth'), 'a narrow page is not wider than its window')
    page.axe(axe, 'the narrow page')
    page.look(900, 1200, 'dark', 'print')
    page.picture(folder, 'print')
    holds(page.run("return getComputedStyle(document.querySelector('#filters')).display") == 'none', 'filters are not printed')
    holds(page.run("return getComputedStyle(document.body).backgroundColor") == 'rgb(255, 255, 255)', 'what is printed is on white')
    page.look(1280, 1600)


def big(browser, path):
    size = os.path.getsize(path)
    page = Page(browser, path)
    ready = int(page.run('return document.documentElement.dataset.ready || 99999'))
    cases = len(page.run("return [...document.querySelectorAll('li.case')].map(() => 1)"))
    ladders = page.run("return document.querySelectorAll('script.ladder').length")
    holds(cases >= 1000 and size < BIG_BYTES, '%d cases, %d of them with a ladder, are below 10 MB' % (cases, ladders), '%.1f MB' % (size / 1e6))
    holds(ready < OPEN_MS, 'and are there in less than a second', '%d ms' % ready)
    holds(not page.complaints(), 'without a complaint')


def main(path, big_path, killed, compared, axe, folder):
    browser = start()
    try:
        page = Page(browser, path)
        page.look(1280, 1600)
        holds(page.run('return document.documentElement.dataset.ready'), 'the page opens from a file')
        holds('failed' in page.one('h1').text, 'its headline', page.one('h1').text)
        filters(page)
        a_case(page)
        pictures(page, folder, axe)
        kept_case(page)
        told = page.complaints()
        holds(not told, 'no complaint of the browser', '; '.join(told))
        big(browser, big_path)
        page = Page(browser, killed)
        holds(page.run("return !document.getElementById('unfinished').hidden && document.querySelectorAll('li.case').length > 0"), 'the page of a killed run shows what it did, and says so')
        page = Page(browser, compared)
        holds('broke' in page.one('h1').text and page.all('.change.to-broke') and page.all('#changes button'), 'the page of a comparison says what broke', page.one('h1').text)
        page.picture(folder, 'compared')
        page.axe(axe, 'the comparison')
        asked = [entry for entry in browser.get_log('performance') if '"Network.requestWillBeSent"' in entry['message'] and '"url":"http' in entry['message']]
        holds(not asked, 'nothing was asked of a network')
    finally:
        browser.quit()
    print('%d held, %d failed' % (counts[True], counts[False]))
    return 0 if not counts[False] else 1


sys.exit(main(*sys.argv[1:]))
