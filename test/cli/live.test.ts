// What is drawn on terminals, and how wide it is.
import test from 'ava';
import { LiveBlock } from '../../src/cli/live.ts';
import { cutTo, flow, padTo, widthOf } from '../../src/cli/width.ts';
import { render } from './terminal.ts';

class Screen {
  columns = 20;
  rows = 5;
  text = '';

  write(text: string): void {
    // As a terminal driver does.
    this.text += text.replaceAll('\n', '\r\n');
  }
}

test('a block stays at the end, also when somebody has typed behind it', (t) => {
  const screen = new Screen();
  const block = new LiveBlock(screen);
  block.print(['first'], ['───', 'one']);
  screen.write('^C');
  block.print(['second'], ['───', 'two', 'three']);
  t.deepEqual(render(screen.text), ['first', 'second', '───', 'two', 'three', '']);
  const before = screen.text;
  block.print([], ['───', 'two', 'three']);
  t.is(screen.text, before, 'what is there is not drawn again');
});

test('a block is no larger than the terminal', (t) => {
  const screen = new Screen();
  const block = new LiveBlock(screen);
  block.print([], ['x'.repeat(30), '2', '3', '4', '5', '6']);
  t.deepEqual(render(screen.text), [`${'x'.repeat(19)}…`, '2', '3', '4', '']);
});

test('lines that a narrower terminal has wrapped are erased too', (t) => {
  const screen = new Screen();
  const block = new LiveBlock(screen);
  block.print([], ['x'.repeat(20), 'y']);
  screen.columns = 10;
  screen.text = `${'x'.repeat(10)}\r\n${'x'.repeat(10)}\r\ny\r\n`;
  block.print([], ['z']);
  t.deepEqual(render(screen.text), ['z', '']);
});

test('width is counted in columns', (t) => {
  for (const [text, width] of [
    ['abc', 3],
    ['bücher', 6],
    ['日本', 4],
    ['e\u0301', 1],
    ['\u{1f600}', 2],
    ['\u001b[2mdim\u001b[22m', 3],
  ] as const) {
    t.is(widthOf(text), width, text);
  }
  t.is(cutTo('日本語', 6), '日本語');
  t.is(cutTo('日本語', 5), '日本…');
  t.is(cutTo('日本語', 4), '日…');
  t.is(padTo('日本', 6), '日本  ');
});

test('parts flow into as many lines as they need', (t) => {
  t.deepEqual(flow(['aaa', '', 'bbb', 'ccc'], 8, 2), ['aaa  bbb', '  ccc']);
  t.deepEqual(flow(['too long for it', 'b'], 8, 2), ['too long for it', '  b']);
  t.deepEqual(flow([], 8, 2), []);
});
