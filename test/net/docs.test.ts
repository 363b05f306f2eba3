import { testExamples } from '../helpers/examples.ts';

testExamples('sockets.md', 3);
