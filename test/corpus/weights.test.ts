import { corpus } from './support/corpus';

corpus('weights');
