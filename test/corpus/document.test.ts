import { corpus } from './support/corpus';

corpus('document');
