import { testExamples } from '../helpers/examples.ts';

testExamples('fleet.md', 3);
