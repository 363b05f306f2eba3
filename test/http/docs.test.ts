import { testExamples } from '../helpers/examples.ts';

testExamples('http.md', 3);
