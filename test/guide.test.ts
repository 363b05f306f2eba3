import { testExamples } from './helpers/examples.ts';

testExamples('guide.md', 4);
