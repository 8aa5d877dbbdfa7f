// expect: exit=0
// expect-log: 9 12 function
import area, { square } from './lib/shapes.js';
import * as shapes from './lib/shapes.js';

export default function () {
  console.log(area({ kind: 'square', side: 3 }), area({ width: 3, height: 4 }), typeof shapes.square);
  if (square !== shapes.square) throw new Error('two instances');
}
