import { testExamples } from '../helpers/examples.ts';

testExamples('threads.md', 2);
