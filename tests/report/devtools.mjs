// A page of headless Chromium, over the DevTools protocol on its pipes.
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';

export class Browser {
  constructor(program, profile) {
    // As root, and in containers, Chromium has no sandbox to start.
    this.process = spawn(
      program,
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--hide-scrollbars',
        '--no-first-run',
        '--disable-extensions',
        '--disable-background-networking',
        '--disable-component-update',
        `--user-data-dir=${profile}`,
        '--remote-debugging-pipe',
        'about:blank',
      ],
      {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']},
    );
    this.answers = new Map();
    this.events = [];
    this.waiting = [];
    this.next = 1;
    let received = Buffer.alloc(0);
    this.process.stdio[4].on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (let end; (end = received.indexOf(0)) >= 0; received = received.subarray(end + 1)) {
        this.receive(JSON.parse(received.subarray(0, end).toString()));
      }
    });
    this.process.on('exit', (code) => {
      for (const {reject} of this.answers.values())
        reject(new Error(`the browser ended with status ${code}`));
    });
  }

  receive(message) {
    if (message.id) {
      const {resolve, reject} = this.answers.get(message.id);
      this.answers.delete(message.id);
      return message.error ? reject(new Error(message.error.message)) : resolve(message.result);
    }
    this.events.push(message);
    this.waiting = this.waiting.filter(
      ({method, resolve}) => method !== message.method || resolve(message.params),
    );
  }

  send(method, params = {}) {
    const id = this.next++;
    this.process.stdio[3].write(
      JSON.stringify({id, method, params, sessionId: this.session}) + '\0',
    );
    return new Promise((resolve, reject) => this.answers.set(id, {resolve, reject}));
  }

  event(method) {
    return new Promise((resolve) => this.waiting.push({method, resolve}));
  }

  async open() {
    const {targetId} = await this.send('Target.createTarget', {url: 'about:blank'});
    this.session = (await this.send('Target.attachToTarget', {targetId, flatten: true})).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
  }

  async load(url) {
    const loaded = this.event('Page.loadEventFired');
    await this.send('Page.navigate', {url});
    await loaded;
  }

  async size(width, height, phone = false) {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: phone ? 2 : 1,
      mobile: phone,
    });
  }

  // What the system prefers: 'light' or 'dark'.
  async prefer(value) {
    await this.send('Emulation.setEmulatedMedia', {
      features: [{name: 'prefers-color-scheme', value}],
    });
  }

  async run(expression) {
    const {result, exceptionDetails} = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails)
      throw new Error(
        `${expression}: ${exceptionDetails.exception?.description || exceptionDetails.text}`,
      );
    return result.value;
  }

  async clickAt(x, y) {
    for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', {type, x, y, button: 'left', clickCount: 1});
    }
  }

  // The middle of what a CSS selector finds, clicked with the mouse.
  async click(selector) {
    const {x, y} = await this.run(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      found.scrollIntoView({block: 'center', behavior: 'instant'});
      const box = found.getBoundingClientRect();
      return {x: box.x + box.width / 2, y: box.y + box.height / 2};
    })()`);
    await this.clickAt(x, y);
  }

  async screenshot(path, whole = true) {
    const {data} = await this.send('Page.captureScreenshot', {captureBeyondViewport: whole});
    writeFileSync(path, Buffer.from(data, 'base64'));
  }

  // Errors that the page logged and what it asked the network for since the last call.
  troubles() {
    const found = [];
    for (const {method, params} of this.events.splice(0)) {
      if (method === 'Runtime.exceptionThrown')
        found.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
      if (
        method === 'Runtime.consoleAPICalled' &&
        ['error', 'warning', 'assert'].includes(params.type)
      )
        found.push(JSON.stringify(params.args));
      if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level))
        found.push(params.entry.text);
      if (method === 'Network.requestWillBeSent' && params.type !== 'Document')
        found.push(`asks for ${params.request.url}`);
    }
    return found;
  }

  close() {
    this.process.kill();
  }
}
