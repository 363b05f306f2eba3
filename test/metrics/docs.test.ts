import { testExamples } from '../helpers/examples.ts';

testExamples('metrics.md', 2);
