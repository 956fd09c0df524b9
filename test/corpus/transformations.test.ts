import { corpus } from './support/corpus';

corpus('transformations');
