import { corpus } from './support/corpus';

corpus('solver');
